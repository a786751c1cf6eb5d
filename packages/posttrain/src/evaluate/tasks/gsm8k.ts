import { extractNumber, normalizeNumber, scoreNumberText } from '../../scoring/index.ts';
import { textOf } from '../data-source.ts';
import { defineTask } from '../task.ts';

interface Doc {
  readonly question: string;
  readonly answer: string;
  /** The solved questions that stand before it. */
  readonly shots: string;
}

const shotCount = 5;

/** Cobbe et al. 2021, arXiv:2110.14168; prompts and answer patterns of lm-evaluation-harness 0.4.13 `gsm8k`. */
export const gsm8k = defineTask({
  name: 'gsm8k',
  version: 1,
  axis: 'factuality',
  about: 'Grade-school word problems, solved in free text after five solved ones; the number is compared.',
  split: 'every row of the given file but the first five, which are the shots',
  docs: (source): Doc[] => {
    const rows = source.rows().map((row) => ({ question: textOf(row, 'question'), answer: textOf(row, 'answer') }));
    const shots = rows
      .slice(0, shotCount)
      .map(({ question, answer }) => `Question: ${question}\nAnswer: ${answer}\n\n`);
    return rows.slice(shotCount).map((row) => ({ ...row, shots: shots.join('') }));
  },
  request: (doc) => ({
    kind: 'generate',
    prompt: `${doc.shots}Question: ${doc.question}\nAnswer:`,
    maxTokens: 256,
    stop: ['Question:', '</s>', '<|im_end|>'],
  }),
  overlapText: ({ question }) => question,
  metrics: {
    exact_match_flexible: {
      kind: 'mean',
      about: 'the last number is right',
      higherIsBetter: true,
      unit: 'share',
      chance: 0,
    },
    exact_match_strict: {
      kind: 'mean',
      about: 'the number after #### is right',
      higherIsBetter: true,
      unit: 'share',
      chance: 0,
    },
  },
  score: (doc, { text }) => {
    const flexible = scoreNumberText(text, doc.answer, 'flexible');
    const strict = scoreNumberText(text, doc.answer, 'strict');
    return {
      values: {
        exact_match_flexible: Number(flexible === 'correct'),
        exact_match_strict: Number(strict === 'correct'),
      },
      outcome: flexible,
      target: normalizeNumber(doc.answer),
      prediction: extractNumber(text, 'flexible'),
    };
  },
});

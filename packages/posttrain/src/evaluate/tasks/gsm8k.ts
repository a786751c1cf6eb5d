import { extractNumber, normalizeNumber, scoreNumberText } from '../../scoring/text/number-answer.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataSource, textOf } from '../data-source.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly question: string;
  /** The worked solution, which ends in `#### ` and the number. */
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
  docs: (source: DataSource): Doc[] => {
    const rows = readRows(source, (row) => ({
      question: textOf(row, 'question'),
      answer: solved(textOf(row, 'answer')),
    }));
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
    exact_match_flexible: share('the last number is right', { chance: 0 }),
    exact_match_strict: share('the number after #### is right', { chance: 0 }),
  },
  score: (doc, { text }) => {
    const outcome = scoreNumberText(text, doc.answer, 'flexible');
    const found = extractNumber(text, 'flexible');
    return {
      values: {
        exact_match_flexible: Number(outcome === 'correct'),
        exact_match_strict: Number(scoreNumberText(text, doc.answer, 'strict') === 'correct'),
      },
      outcome,
      target: normalizeNumber(doc.answer),
      prediction: found === null ? null : normalizeNumber(found),
    };
  },
});

function solved(answer: string): string {
  if (extractNumber(answer, 'strict') !== null) return answer;
  throw new PosttrainError(
    'data-invalid',
    `the answer ${JSON.stringify(answer.slice(-40))} has no number after "#### ".`,
  );
}

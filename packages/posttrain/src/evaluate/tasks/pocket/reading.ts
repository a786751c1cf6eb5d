import { type PocketGold, type PocketItem, type TestItemOptions, testItems } from '../../../data/pocket/index.ts';
import {
  type AnswerabilityItem,
  abstentionScore,
  type PocketAnswer,
  pocketAuthority,
  readPocketSources,
  scorePocketAnswer,
  scorePocketCitations,
  scorePocketDouble,
} from '../../../scoring/index.ts';
import { share } from '../share-metric.ts';
import type { PocketSpec } from './pocket-task.ts';

/** Recall of stored facts, and reading of sources with citations. */

type Item = PocketItem<PocketGold>;

export function closedSpec(name: 'closed' | 'closed-held-out' | 'law' | 'medicine', about: string): PocketSpec<Item> {
  return {
    name,
    axis: name === 'law' || name === 'medicine' ? 'domain' : 'factuality',
    about,
    items: (split) => testItems(name, split),
    shares: {
      correct: share('value and name are right, in a well-formed answer', { chance: 0 }),
      lenient: share('their words stand anywhere in the answer', { chance: 0 }),
      well_formed: share('answers of an allowed shape that end'),
    },
    score: ({ gold }, answer) => {
      const { correct, lenient, format, outcome } = scorePocketAnswer(answer, gold);
      return { values: numbers({ correct, lenient: lenient.correct, well_formed: format }), outcome };
    },
    cluster: ({ gold }) => gold.entity,
  };
}

export function groundedSpec(name: string, about: string, options: TestItemOptions = {}): PocketSpec<Item> {
  return {
    name,
    axis: 'citations',
    about,
    items: (split) => testItems('grounded', split, options),
    shares: {
      correct: share('value, citation and name are right, in a well-formed answer', { chance: 0 }),
      lenient: share('their words stand anywhere in the answer', { chance: 0 }),
      value: share('the value is right, whatever is cited', { axis: 'factuality', chance: 0 }),
      citation_recall: share('sentences that the sources cited say word for word'),
      citation_precision: share('citations that support their sentence'),
      citation_validity: share('citations of a source that exists'),
    },
    score: async ({ gold, messages }, answer) => {
      const { correct, lenient, value, outcome } = scorePocketAnswer(answer, gold);
      const cited = await citationsOf(messages[0].content, answer);
      return {
        values: { ...numbers({ correct, lenient: lenient.correct, value }), ...cited.values },
        outcome,
        citations: cited.score.supporting,
      };
    },
  };
}

/** Two sources disagree. Always to cite the best-ranked source would pass for authority; there are better-ranked distractors. */
export function conflictSpec(name: 'conflict' | 'conflict-short', about: string): PocketSpec<Item> {
  return {
    name,
    axis: 'citations',
    about,
    items: (split) => testItems(name, split),
    shares: {
      correct: share('what the more trusted source says, with its citation', { chance: 0 }),
      lenient: share('its words stand anywhere in the answer', { chance: 0 }),
      authority: share('of the supported answers, those that rest on the more trusted source', { chance: 0.5 }),
      misled: share('answers with the value of the less trusted source', { higherIsBetter: false }),
    },
    score: async ({ gold, messages }, answer) => {
      const { correct, lenient, misled, outcome } = scorePocketAnswer(answer, gold);
      const cited = await citationsOf(messages[0].content, answer);
      const authority = pocketAuthority(cited.score, cited.sources, [gold.citation!, gold.rejected!.citation]);
      return {
        values: { ...numbers({ correct, lenient: lenient.correct, misled }), authority },
        outcome,
        citations: cited.score.supporting,
      };
    },
  };
}

/** Questions that the sources answer and that they do not: who always abstains has all of one figure and nothing of the other. */
export const abstentionSpec: PocketSpec<Item, AnswerabilityItem> = {
  name: 'abstention',
  axis: 'reliability',
  about: 'Questions over sources half of which have no answer in them.',
  items: (split) => [...testItems('unanswerable', split), ...testItems('grounded', split)],
  shares: {
    abstention_recall: share('questions without an answer on which it says so', { majority: 1, against: 'coverage' }),
    coverage: share('questions with an answer that are answered, rightly or wrongly', { against: 'abstention_recall' }),
    accuracy_when_answering: share('right among the answers to questions that have one', { chance: 0 }),
  },
  aggregates: {
    abstention_precision: {
      kind: 'aggregate',
      about: 'abstentions on questions without an answer, among all abstentions',
      higherIsBetter: true,
      unit: 'share',
      chance: 0.5,
      compute: (items) => abstentionScore(items).abstentionPrecision,
    },
  },
  score: ({ gold }, answer) => {
    const { abstained, correct, format, outcome } = scorePocketAnswer(answer, gold);
    const answerable = gold.value !== null;
    const answered = format && !abstained;
    return {
      values: {
        abstention_recall: answerable ? null : Number(abstained),
        coverage: answerable ? Number(answered) : null,
        accuracy_when_answering: answerable && answered ? Number(correct) : null,
      },
      reading: { answerable, outcome: abstained ? 'abstained' : answerable ? outcome : 'incorrect' },
      outcome,
    };
  },
  stratum: ({ gold }) => (gold.value === null ? 'unanswerable' : 'answerable'),
};

export function doubleSpec(
  name: string,
  about: string,
  options: TestItemOptions = {},
): PocketSpec<ReturnType<typeof testItems<'double'>>[number]> {
  return {
    name,
    axis: 'citations',
    about,
    items: (split) => testItems('double', split, options),
    shares: {
      correct: share('both facts are stated, each with its citation', { chance: 0 }),
      lenient: share('both values and both citations stand anywhere in the answer', { chance: 0 }),
      values: share('both facts are stated, whatever is cited', { axis: 'factuality', chance: 0 }),
      first_cited: share('the first fact has its citation', { chance: 0 }),
      second_cited: share('the second fact has its citation', { chance: 0 }),
    },
    score: ({ gold }, answer) => {
      const { correct, lenient, values, firstCited, secondCited, outcome } = scorePocketDouble(answer, gold);
      return {
        values: numbers({
          correct,
          lenient: lenient.correct,
          values,
          first_cited: firstCited,
          second_cited: secondCited,
        }),
        outcome,
      };
    },
  };
}

async function citationsOf(question: string, answer: PocketAnswer) {
  const sources = readPocketSources(question);
  const score = await scorePocketCitations(answer, sources);
  const { recall, precision, validity } = score;
  return {
    sources,
    score,
    values: { citation_recall: recall, citation_precision: precision, citation_validity: validity },
  };
}

export function numbers(verdicts: Readonly<Record<string, boolean>>): Record<string, number> {
  return Object.fromEntries(Object.entries(verdicts).map(([name, holds]) => [name, Number(holds)]));
}

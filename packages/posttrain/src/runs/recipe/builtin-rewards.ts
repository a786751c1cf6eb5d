import {
  abstentionReward,
  answerReward,
  citationFormatGate,
  citationReward,
  constraintsReward,
  containsAnswerWords,
  copyGate,
  jsonGate,
  lexicalSupport,
  named,
  numberReward,
  type Reward,
  refusalReward,
  repetitionPenalty,
  saysItDoesNotKnow,
  tokenF1,
  wrongAnswerReward,
} from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { RewardOptions } from './recipe.generated.ts';
import { goldOf, instructionsOf, requestOf, sourcesOf } from './row-columns.ts';

type Row = Readonly<Record<string, unknown>>;

export interface BuiltInReward {
  /** Columns of the row that it reads. */
  readonly columns: readonly string[];
  /** Keys of `with` that it takes; those with `!` must be there. */
  readonly options: readonly (keyof RewardOptions | `${keyof RewardOptions}!`)[];
  readonly make: (options: RewardOptions) => Reward<Row>;
}

const golds = (row: Row) => listed(goldOf(row) ?? []);
const listed = (gold: string | readonly string[]) => (typeof gold === 'string' ? [gold] : gold);

/** Null on rows without an answer, which are another reward's. */
function ofAnswerable(name: string, reward: Reward<Row>): Reward<Row> {
  return named(name, (sample, context) => (goldOf(sample.row) === null ? null : reward(sample, context)));
}

/** The scorers that a recipe names without a file, by what they are called there. */
export const builtInRewards: Readonly<Record<string, BuiltInReward>> = {
  exact: {
    columns: ['answer'],
    options: ['threshold'],
    make: ({ threshold = 0 }) => ofAnswerable('exact', answerReward<Row>({ gold: golds, threshold })),
  },
  number: {
    columns: ['answer'],
    options: ['threshold'],
    make: ({ threshold = 0 }) =>
      ofAnswerable('number', numberReward<Row>({ gold: (row) => golds(row)[0]!, threshold })),
  },
  contains: {
    columns: ['answer'],
    options: [],
    make: () => ofAnswerable('contains', ({ text, row }) => (containsAnswerWords(text, golds(row)) ? 1 : 0)),
  },
  f1: {
    columns: ['answer'],
    options: [],
    make: () => ofAnswerable('f1', ({ text, row }) => tokenF1(text, golds(row))),
  },
  abstention: {
    columns: ['answer'],
    options: ['threshold'],
    make: ({ threshold = 0.5 }) => abstention(threshold),
  },
  refusal: {
    columns: ['request'],
    options: ['overRefusal'],
    make: ({ overRefusal = -1 }) => named('refusal', refusalReward<Row>({ request: requestOf, overRefusal })),
  },
  citations: {
    columns: ['sources'],
    options: [],
    make: () => named('citations', citationReward<Row>({ sources: sourcesOf, support: lexicalSupport })),
  },
  citationFormat: {
    columns: ['sources'],
    options: [],
    make: () => citationFormatGate<Row>(sourcesOf),
  },
  notCopied: {
    columns: ['sources'],
    options: ['most'],
    make: ({ most = 0.8 }) => copyGate<Row>(sourcesOf, most),
  },
  constraints: {
    columns: ['instruction_id_list', 'kwargs'],
    options: [],
    make: () => constraintsReward<Row>(instructionsOf),
  },
  json: {
    columns: [],
    options: ['required!'],
    make: ({ required = [] }) => jsonGate<Row>(required),
  },
  repetition: {
    columns: [],
    options: ['ngram', 'most'],
    make: ({ ngram = 3, most = 1 }) => repetitionPenalty<Row>(ngram, most),
  },
};

/**
 * Where the row has no answer: 1 for abstaining, −t/(1−t) for an attempt. Where it has one, abstaining costs what a wrong answer does,
 * and an attempt is another reward's.
 */
function abstention(threshold: number): Reward<Row> {
  const withheld = abstentionReward<Row>({ answerable: (row) => goldOf(row) !== null, threshold });
  return named('abstention', (sample, context) => {
    if (saysItDoesNotKnow(sample.text)) return withheld(sample, context);
    if (goldOf(sample.row) !== null) return null;
    return { value: wrongAnswerReward(threshold), why: 'answered where there is no answer' };
  });
}

/** @throws PosttrainError `usage` where an option that the reward cannot be without is missing */
export function builtInReward(name: string, options: RewardOptions = {}): Reward<Row> {
  const { options: takes, make } = builtInRewards[name]!;
  const missing = takes.find(
    (key) => key.endsWith('!') && options[key.slice(0, -1) as keyof RewardOptions] === undefined,
  );
  if (missing === undefined) return make(options);
  throw new PosttrainError('usage', `the reward ${name} needs ${missing.slice(0, -1)}.`, {
    help: `in a recipe: { use: ${name}, with: { ${missing.slice(0, -1)}: … } }.`,
  });
}

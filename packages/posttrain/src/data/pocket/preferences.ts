import { PosttrainError } from '../../support/errors.ts';
import type { Random } from '../../support/random.ts';
import { unknownPerson } from './bias.ts';
import { notStated } from './grounded.ts';
import { drawOutside, heldOutQuestions } from './held-out.ts';
import type { PocketGold, PocketItem } from './items.ts';
import { formOfRow, type Mix, rowRandom } from './mix.ts';
import type { Wording } from './questions.ts';
import { refusal } from './safety.ts';
import { statement } from './statements.ts';
import { type PocketTaskName, testItems, trainItem } from './tasks.ts';
import type { Attribute } from './words.ts';
import { createWorld, type NameGroup, type PocketWorld } from './world.ts';

/** What is preferred to what. Those that reward holding back stand beside a twin that rewards answering. */
export const preferenceAxes = {
  /** A refusal to the dose for who wants to harm. */
  unsafe: { task: 'unsafe' },
  /** The dose to a refusal for who wants to help. */
  twin: { task: 'twin' },
  /** `the sources do not say .` to the stereotype, where no source tells who it was. */
  'bias-ambiguous': { task: 'bias-ambiguous' },
  /** Who it was to `the sources do not say .`, where a source tells. */
  'bias-disambiguated': { task: 'bias-disambiguated' },
  /** The more trusted source to the other, value and citation, where two disagree. */
  authority: { task: 'conflict' },
  /** `… not stated .` to a value that a source gives of something else, where no source answers. */
  unanswerable: { task: 'unanswerable' },
  /** The answer to `… not stated .`, where a source answers. */
  answerable: { task: 'grounded' },
  /** The answer alone to the same answer with what nobody asked for. */
  concise: { task: 'grounded' },
} as const satisfies Record<string, { task: PocketTaskName }>;
export type PreferenceAxis = keyof typeof preferenceAxes;

export const preferenceMix: Mix<PreferenceAxis> = {
  unsafe: 0.2,
  twin: 0.2,
  'bias-ambiguous': 0.1,
  'bias-disambiguated': 0.1,
  authority: 0.2,
  unanswerable: 0.06,
  answerable: 0.06,
  concise: 0.08,
};

/** A row of feedback, as `readFeedback` reads it. */
export interface PreferenceRow {
  readonly prompt: string;
  readonly answers: readonly [string, string];
  readonly choice: 'first' | 'second';
  /** Who chose: the oracle, which is right, or somebody who errs. */
  readonly annotator: 'oracle' | 'errs';
  readonly source: PreferenceAxis;
}

export interface PreferenceOptions {
  readonly world?: PocketWorld;
  readonly mix?: Mix<PreferenceAxis>;
  /** The share of pairs in which the worse answer is chosen. */
  readonly flipped?: number;
  /**
   * The share of pairs whose better, or worse, answer is made the longer one by things that nobody asked for; `concise` is left as it is,
   * since that is what it is about. `{ better: 0.9 }` makes length a clue that is mostly right; with `{ worse: 1 }` it is always wrong.
   */
  readonly padded?: { readonly better?: number; readonly worse?: number };
}

/**
 * `count` pairs to train on, about names that are trained on, in trained wordings, and none of whose questions is held out for
 * `dev` or `test`. The same seed gives the same pairs; a larger count only adds to them; flips and padding change no other pair.
 */
export function preferenceRows(count: number, seed: number, options: PreferenceOptions = {}): PreferenceRow[] {
  const { world = createWorld(), mix = preferenceMix } = options;
  checkShares(options);
  const axes = Object.keys(mix) as PreferenceAxis[];
  const heldOut = heldOutQuestions(
    world,
    axes.map((axis) => preferenceAxes[axis].task),
  );
  return Array.from({ length: count }, (_, index) => {
    const axis = formOfRow(mix, seed, 'preferences', index);
    const random = rowRandom(axis, seed, 'preferences', index);
    const item = drawOutside(heldOut, () => trainItem(world, preferenceAxes[axis].task, random, index));
    return rowOf(axis, item, seed, 'preferences', index, options);
  });
}

export interface HeldOutPreferenceOptions extends PreferenceOptions {
  /** `held-out` asks by a template, and about combinations of a verb and a person, that no training row has. */
  readonly wording?: Wording;
  readonly names?: NameGroup;
  /** Pairs of each axis, instead of all: 200 for `dev`, 400 for `test`. */
  readonly limit?: number;
}

/** A pair for each held-out item of each axis of the mix, whatever the axis' share. */
export function heldOutPreferences(split: 'dev' | 'test', options: HeldOutPreferenceOptions = {}): PreferenceRow[] {
  const { world = createWorld(), mix = preferenceMix, wording = 'trained', names = 'base', limit } = options;
  checkShares(options);
  return (Object.keys(mix) as PreferenceAxis[]).flatMap((axis) =>
    testItems(preferenceAxes[axis].task, split, { world, wording, names })
      .slice(0, limit)
      .map((item, index) => rowOf(axis, item, world.seed, `preferences/${split}/${wording}`, index, options)),
  );
}

function checkShares({ flipped = 0, padded: { better = 0, worse = 0 } = {} }: PreferenceOptions): void {
  const shares = {
    flipped,
    'padded.better': better,
    'padded.worse': worse,
    'padded.better + padded.worse': better + worse,
  };
  for (const [name, share] of Object.entries(shares))
    if (!(share >= 0 && share <= 1))
      throw new PosttrainError('usage', `${name} is ${share}.`, { help: 'a share of pairs lies between 0 and 1.' });
}

function rowOf(
  axis: PreferenceAxis,
  item: PocketItem,
  seed: number,
  path: string,
  index: number,
  { flipped = 0, padded: { better: padBetter = 0, worse: padWorse = 0 } = {} }: PreferenceOptions,
): PreferenceRow {
  // Each choice has a stream of its own, so that more flips flip the same pairs and some more, and change no text.
  const stream = (name: string) => rowRandom(`${axis}/${name}`, seed, path, index);
  const question = item.messages[0].content;
  let [better, worse] = [item.gold.answer, worseAnswer(axis, item, stream('worse'))];
  if (axis !== 'concise') {
    const asides = asidesOf(question, [better, worse, answering(item)]);
    const lengthen = (text: string, other: string) => lengthened(text, other, asides, stream('padding'));
    const draw = stream('padded').float();
    if (draw < padBetter) better = lengthen(better, worse);
    else if (draw >= 1 - padWorse) worse = lengthen(worse, better);
  }
  const errs = stream('flip').float() < flipped;
  const betterFirst = stream('order').float() < 0.5;
  return {
    prompt: question,
    answers: betterFirst ? [better, worse] : [worse, better],
    choice: betterFirst === errs ? 'second' : 'first',
    annotator: errs ? 'errs' : 'oracle',
    source: axis,
  };
}

function worseAnswer(axis: PreferenceAxis, item: PocketItem, random: Random): string {
  switch (axis) {
    case 'unsafe':
    case 'bias-ambiguous':
      return item.flaw!.answer;
    case 'twin':
      return refusal;
    case 'bias-disambiguated':
      return unknownPerson;
    case 'authority': {
      const { entity, attribute, rejected } = item.gold as PocketGold;
      return `${statement(entity, attribute as Attribute, rejected!.value)} ${rejected!.citation} .`;
    }
    case 'unanswerable':
      return invented(item, random);
    case 'answerable': {
      const { entity, attribute } = item.gold as PocketGold;
      return notStated(entity, attribute);
    }
    case 'concise': {
      const { answer } = item.gold;
      return lengthened(answer, answer, asidesOf(item.messages[0].content, [answer]), random);
    }
  }
}

/** The asked attribute with a value that a source gives of something else, and the citation of that source. */
function invented({ messages, gold }: PocketItem, random: Random): string {
  const { entity, attribute } = gold as PocketGold;
  const [, citation, value] = random.pick([
    ...messages[0].content.matchAll(/(\[\d\]) \w+ : [^[]*?(\S+) \.(?= \[\d\] | question )/g),
  ]);
  return `${statement(entity, attribute as Attribute, value!)} ${citation} .`;
}

/** The answer of who complies, which no padding may give away. */
function answering(item: PocketItem): string {
  return 'complying' in item.gold ? String(item.gold.complying) : '';
}

/** What the sources say beside what the answers cite, each with its citation: true, and not asked for. */
function asidesOf(question: string, answers: readonly string[]): string[] {
  const listed = [...question.matchAll(/(\[\d\]) \w+ : (.+?) \.(?= \[\d\] | question )/g)];
  return listed.flatMap(([, citation, text]) =>
    answers.some((answer) => answer.includes(citation!)) ? [] : [`${text} ${citation} .`],
  );
}

/** The text and as many asides as make it longer than the other; at least one. An aside is said again where there are not enough. */
function lengthened(text: string, other: string, asides: readonly string[], random: Random): string {
  const words = (some: string) => some.split(' ').length;
  const order = random.shuffle(asides);
  let longer = text;
  for (let i = 0; i === 0 || words(longer) <= words(other); i++) longer += ` ${order[i % order.length]}`;
  return longer;
}

import { createHash } from 'node:crypto';
import type { Message } from '../types.ts';
import type { Answer, Feedback, LabelledAnswer, PreferencePair, Rating, Thumb } from './feedback.ts';

/** What became of the judgements: nothing is left out without being counted. */
export interface PairsMade<Row> {
  readonly rows: readonly Row[];
  /** Comparisons that ended in a tie, which no pair can express. */
  readonly ties: number;
  /** Judgements that give nothing: equal answers, edits that changed nothing, answers without a worse or better one, middling scores. */
  readonly unused: number;
}

/**
 * Pairs for DPO and its family and for reward models. A comparison is a pair, an edit too (what the person wrote is chosen). Ratings
 * and thumbs are compared within a prompt: every two answers of different standing are a pair, ratings with the difference as margin.
 */
export function preferencePairs(feedback: readonly Feedback[]): PairsMade<PreferencePair> {
  const rows: PreferencePair[] = [];
  const graded = new Map<string, (Rating | Thumb)[]>();
  let [ties, unused] = [0, 0];
  const add = (item: Feedback, chosen: Answer, rejected: Answer, margin?: number) => {
    if (sameAnswer(chosen, rejected)) unused++;
    else rows.push({ ...promptOf(item), chosen, rejected, ...(margin === undefined ? {} : { margin }) });
  };
  for (const item of feedback) {
    if (item.kind === 'comparison') {
      const [first, second] = item.answers;
      if (item.choice === 'tie') ties++;
      else if (item.choice === 'first') add(item, first, second, item.margin);
      else add(item, second, first, item.margin);
    } else if (item.kind === 'edit') add(item, item.after, item.before);
    else {
      // Scores and thumbs do not compare with each other: they group apart.
      const key = `${item.kind} ${promptHash(item)}`;
      graded.set(key, [...(graded.get(key) ?? []), item]);
    }
  }
  for (const group of graded.values()) unused += pairUp(group, add);
  return { rows, ties, unused };
}

/** @returns how many of the group's answers are in no pair */
function pairUp(
  group: readonly (Rating | Thumb)[],
  add: (item: Feedback, a: Answer, b: Answer, margin?: number) => void,
): number {
  const paired = new Set<Rating | Thumb>();
  for (const [i, a] of group.entries()) {
    for (const b of group.slice(i + 1)) {
      const difference = standing(a) - standing(b);
      if (difference === 0) continue;
      const [better, worse] = difference > 0 ? [a, b] : [b, a];
      add(better, better.answer, worse.answer, a.kind === 'rating' ? Math.abs(difference) : undefined);
      paired.add(a).add(b);
    }
  }
  return group.length - paired.size;
}

function standing(item: Rating | Thumb): number {
  return item.kind === 'rating' ? item.score : Number(item.up);
}

/**
 * Single answers with a label, for KTO. Both sides of a comparison or an edit count once each. A rating is desirable above the middle of
 * its scale, undesirable below it, and unused on it.
 *
 * @param options.scale for ratings that do not say theirs; without either they are unused
 */
export function labelledAnswers(
  feedback: readonly Feedback[],
  options: { scale?: readonly [number, number] } = {},
): PairsMade<LabelledAnswer> {
  const rows: LabelledAnswer[] = [];
  let [ties, unused] = [0, 0];
  const add = (item: Feedback, answer: Answer, desirable: boolean) =>
    rows.push({ ...promptOf(item), answer, desirable });
  for (const item of feedback) {
    if (item.kind === 'thumb') add(item, item.answer, item.up);
    else if (item.kind === 'rating') {
      const [low, high] = item.scale ?? options.scale ?? [Number.NaN, Number.NaN];
      const above = item.score - (low + high) / 2;
      if (above > 0 || above < 0) add(item, item.answer, above > 0);
      else unused++;
    } else {
      const { rows: pairs, ties: tied, unused: same } = preferencePairs([item]);
      ties += tied;
      unused += same;
      for (const { chosen, rejected } of pairs) {
        add(item, chosen, true);
        add(item, rejected, false);
      }
    }
  }
  return { rows, ties, unused };
}

/** Names a prompt by its content, tools included: what groups the judgements on it. */
export function promptHash({
  prompt,
  tools,
}: {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
}): string {
  return createHash('sha256')
    .update(JSON.stringify([prompt, tools ?? null]))
    .digest('hex');
}

function promptOf({ prompt, tools, origin }: Feedback) {
  return { prompt, ...(tools ? { tools } : {}), origin };
}

function sameAnswer(a: Answer, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

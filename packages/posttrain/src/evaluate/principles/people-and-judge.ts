import { type Comparison, type PairToLabel, pairId } from '../../data/index.ts';
import type { DoublyJudgedPair } from '../../scoring/index.ts';
import type { PairPreference, PairVerdict } from '../judge/judge.ts';
import { orderedAnswers, overallPreference, type PairToJudge } from './ai-preferences.ts';

/** The pairs that people have judged, each once, for a judge to be held to. */
export function pairsOfPeople(comparisons: readonly Comparison[]): PairToLabel[] {
  const pairs = comparisons.map((comparison): PairToLabel => {
    const { prompt, tools, answers } = comparison;
    return { id: pairId(comparison), prompt, ...(tools ? { tools } : {}), answers };
  });
  return [...new Map(pairs.map((pair) => [pair.id, pair])).values()];
}

/**
 * What people and the judge say of each pair that people have judged. Of people, the last word of each counts, and what
 * more than half of them prefer; where there is no such answer, it is a tie. Of the judge, the majority of the principles that it was asked by.
 */
export function peopleAndJudge(
  comparisons: readonly Comparison[],
  asked: readonly PairToJudge[],
  verdictOf: (id: string) => PairVerdict | undefined,
): DoublyJudgedPair[] {
  const people = new Map<string, Map<string, PairPreference>>();
  for (const comparison of comparisons) {
    const id = pairId(comparison);
    const ofPair = people.get(id) ?? new Map<string, PairPreference>();
    people.set(id, ofPair.set(comparison.annotator ?? '', preferenceOf(comparison)));
  }
  const judged = new Map<string, PairVerdict[]>();
  for (const { id, pair } of asked) {
    const verdict = verdictOf(id);
    if (verdict) judged.set(pair.id, [...(judged.get(pair.id) ?? []), verdict]);
  }
  return [...people].map(([id, said]) => ({
    people: majority([...said.values()]),
    judge: overallPreference(judged.get(id) ?? []),
  }));
}

function preferenceOf({ answers, choice }: Comparison): PairPreference {
  if (choice === 'tie') return 'tie';
  const firstIsA = orderedAnswers({ answers })[0] === answers[0];
  return (choice === 'first') === firstIsA ? 'a' : 'b';
}

function majority(preferences: readonly PairPreference[]): PairPreference {
  const count = (of: PairPreference) => preferences.filter((preference) => preference === of).length;
  if (2 * count('a') > preferences.length) return 'a';
  return 2 * count('b') > preferences.length ? 'b' : 'tie';
}

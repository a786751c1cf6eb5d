import type { Interval } from '../statistics/interval.ts';
import { type Alpha, krippendorffAlpha } from '../statistics/krippendorff.ts';
import { wilsonInterval } from '../statistics/shares.ts';

/** One choice between two answers. Prompts and answers are named by any text that is equal where they are. */
export interface JudgedComparison {
  readonly prompt: string;
  readonly answers: readonly [string, string];
  readonly choice: 'first' | 'second' | 'tie';
  readonly annotator?: string;
  /** Whether the first answer stood first when the person chose. */
  readonly shownInOrder: boolean;
}

/** How often the answer that stood first was chosen. */
export interface PositionBias {
  /** Choices that were no tie, and whose order on the screen is known. */
  readonly n: number;
  /** Null where there is none. */
  readonly firstShare: number | null;
  /** 95 %, Wilson. */
  readonly interval: Interval | null;
  /** The interval leaves out one half: the place of an answer decides, not its text alone. */
  readonly biased: boolean;
}

export interface AnnotatorReport extends PositionBias {
  readonly annotator: string;
  readonly judgements: number;
  readonly ties: number;
  /** Pairs on which this person chose one answer once and the other another time. */
  readonly selfConflicts: number;
}

export interface FeedbackReport {
  readonly judgements: number;
  readonly prompts: number;
  /** Different pairs of answers. */
  readonly pairs: number;
  readonly ties: number;
  /** Judgements that repeat an earlier one: same person, same pair, same choice. */
  readonly duplicates: number;
  /** Pairs of which one answer won once and the other another time. */
  readonly conflicts: number;
  /** Prompts of which some answers beat each other in a circle of three. */
  readonly cycles: number;
  /** Krippendorff's alpha over pairs, values being the winner or a tie, one value per person. */
  readonly agreement: Alpha;
  readonly position: PositionBias;
  /** By name; judgements without one stand under "". */
  readonly annotators: readonly AnnotatorReport[];
}

/** What a file of comparisons is worth: who agrees with whom, who with themselves, and whether the place of an answer decided. */
export function feedbackReport(comparisons: readonly JudgedComparison[]): FeedbackReport {
  const judged = comparisons.map(orient);
  const byPair = groupBy(judged, ({ pair }) => pair);
  const byPerson = groupBy(judged, ({ annotator }) => annotator);
  return {
    judgements: judged.length,
    prompts: new Set(comparisons.map(({ prompt }) => prompt)).size,
    pairs: byPair.size,
    ties: countTies(judged),
    duplicates:
      judged.length -
      new Set(judged.map(({ pair, annotator, winner }) => JSON.stringify([pair, annotator, winner]))).size,
    conflicts: countConflicts(byPair),
    cycles: countCycles(judged),
    agreement: krippendorffAlpha([...byPair.values()].map(valuesOfPeople)),
    position: positionBias(judged),
    annotators: [...byPerson].map(([annotator, own]) => ({
      annotator,
      judgements: own.length,
      ties: countTies(own),
      selfConflicts: countConflicts(groupBy(own, ({ pair }) => pair)),
      ...positionBias(own),
    })),
  };
}

/** A judgement without regard to the order of its answers. */
interface Judgement {
  readonly prompt: string;
  readonly pair: string;
  readonly answers: readonly [string, string];
  /** The text of the better answer; null for a tie. */
  readonly winner: string | null;
  readonly annotator: string;
  /** Null where the order shown is unknown. */
  readonly chosePlace: 'first' | 'second' | null;
}

function orient({ prompt, answers, choice, annotator = '', shownInOrder }: JudgedComparison): Judgement {
  const sorted = [...answers].sort();
  return {
    prompt,
    pair: JSON.stringify([prompt, ...sorted]),
    answers,
    winner: choice === 'tie' ? null : answers[choice === 'first' ? 0 : 1],
    annotator,
    chosePlace: shownInOrder && choice !== 'tie' ? choice : null,
  };
}

/** The last word of each person on a pair, so that repeated labelling does not count as agreement. */
function valuesOfPeople(judgements: readonly Judgement[]): string[] {
  return [
    ...new Map(
      judgements.map(({ annotator, winner }) => [annotator, winner === null ? 'tie' : `won: ${winner}`]),
    ).values(),
  ];
}

function countTies(judgements: readonly Judgement[]): number {
  return judgements.filter(({ winner }) => winner === null).length;
}

function countConflicts(byPair: ReadonlyMap<string, readonly Judgement[]>): number {
  const winners = (judgements: readonly Judgement[]) =>
    new Set(judgements.flatMap(({ winner }) => (winner === null ? [] : [winner])));
  return [...byPair.values()].filter((judgements) => winners(judgements).size > 1).length;
}

function countCycles(judgements: readonly Judgement[]): number {
  let cycles = 0;
  for (const ofPrompt of groupBy(judgements, ({ prompt }) => prompt).values()) {
    const beaten = new Map<string, Set<string>>();
    for (const { winner, answers } of ofPrompt) {
      if (winner === null) continue;
      const loser = answers[0] === winner ? answers[1] : answers[0];
      beaten.set(winner, (beaten.get(winner) ?? new Set()).add(loser));
    }
    const inCircle = [...beaten].some(([a, losers]) =>
      [...losers].some((b) => [...(beaten.get(b) ?? [])].some((c) => c !== a && beaten.get(c)?.has(a))),
    );
    if (inCircle) cycles++;
  }
  return cycles;
}

function positionBias(judgements: readonly Judgement[]): PositionBias {
  const placed = judgements.filter(({ chosePlace }) => chosePlace !== null);
  if (placed.length === 0) return { n: 0, firstShare: null, interval: null, biased: false };
  const first = placed.filter(({ chosePlace }) => chosePlace === 'first').length;
  const interval = wilsonInterval(first, placed.length);
  return {
    n: placed.length,
    firstShare: first / placed.length,
    interval,
    biased: interval.low > 0.5 || interval.high < 0.5,
  };
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

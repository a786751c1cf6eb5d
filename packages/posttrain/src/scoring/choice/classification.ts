import { PosttrainError } from '../../support/errors.ts';

/** One classified row; null where the answer names no class. */
export interface Classified {
  readonly gold: string;
  readonly predicted: string | null;
}

/** The share of rows whose class is right; an unreadable answer is wrong. */
export function accuracy(items: readonly Classified[]): number {
  requireItems(items, 'accuracy');
  return items.filter((item) => item.predicted === item.gold).length / items.length;
}

/**
 * The unweighted mean of F1 over every class that is a gold or is predicted (scikit-learn's `f1_score(average="macro")`).
 * A class without a hit has F1 0. An unreadable answer is a miss of its gold and no prediction of any class.
 */
export function macroF1(items: readonly Classified[]): number {
  requireItems(items, 'macro-F1');
  const classes = new Set(items.flatMap(({ gold, predicted }) => (predicted === null ? [gold] : [gold, predicted])));
  return mean([...classes].map((name) => classF1(items, name)));
}

/** Mean recall over the gold classes (scikit-learn's `balanced_accuracy_score`); predicted classes without gold rows add nothing. */
export function balancedAccuracy(items: readonly Classified[]): number {
  requireItems(items, 'balanced accuracy');
  const classes = [...new Set(items.map((item) => item.gold))];
  return mean(classes.map((name) => accuracy(items.filter((item) => item.gold === name))));
}

/** Recall and precision of one class; null where nothing is to be found, or nothing was claimed. */
export function recallAndPrecision(
  items: readonly Classified[],
  name: string,
): { readonly recall: number | null; readonly precision: number | null } {
  const hits = items.filter((item) => item.gold === name && item.predicted === name).length;
  return {
    recall: ratio(hits, items.filter((item) => item.gold === name).length),
    precision: ratio(hits, items.filter((item) => item.predicted === name).length),
  };
}

export interface Baselines {
  /** Accuracy of guessing evenly among the classes. */
  readonly chance: number;
  /** Accuracy of always naming the most frequent gold class. */
  readonly majority: number;
  readonly majorityClass: string;
}

/** What no skill earns on these rows. `classes` counts the choices where rows do not show them all. */
export function baselines(golds: readonly string[], classes = new Set(golds).size): Baselines {
  requireItems(golds, 'baselines');
  const counts = new Map<string, number>();
  for (const gold of golds) counts.set(gold, (counts.get(gold) ?? 0) + 1);
  const [majorityClass, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return { chance: 1 / classes, majority: count / golds.length, majorityClass };
}

function classF1(items: readonly Classified[], name: string): number {
  const hits = items.filter((item) => item.gold === name && item.predicted === name).length;
  const named =
    items.filter((item) => item.gold === name).length + items.filter((item) => item.predicted === name).length;
  return (2 * hits) / named;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function requireItems(items: readonly unknown[], metric: string): void {
  if (items.length === 0) throw new PosttrainError('usage', `${metric} of no rows is undefined.`);
}

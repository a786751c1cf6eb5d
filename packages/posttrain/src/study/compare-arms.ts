import type { ComparedMetric, Metric, Task } from '../evaluate/index.ts';
import type { ValuedItem } from '../evaluate/results/metric-result.ts';
import { detectableEffect, holm, methodVerdict, seedsForClaim } from '../scoring/index.ts';
import { type ArmDifference, type ArmItems, armDifference, type FigureSetting } from './arm-figures.ts';
import type { ModelScores } from './scores.ts';

/** An arm with what its runs made of the tasks. */
export interface ScoredArm {
  readonly name: string;
  /** A control is one model, and has no seeds. */
  readonly trained: boolean;
  /** In the order of the seeds; one for a control. */
  readonly runs: readonly ModelScores[];
  /** Seeds whose training diverged, each with why. */
  readonly diverged: readonly string[];
}

/** One metric of one task, of an arm and the baseline. */
export interface StudyRow extends ComparedMetric {
  readonly arm: string;
  /** Training seeds on either side; null for a control. */
  readonly seedsBefore: number | null;
  readonly seedsAfter: number | null;
  /** Where the variance of the difference comes from: more seeds lessen the first, more documents the second. */
  readonly varianceOfSeeds: number | null;
  readonly varianceOfItems: number | null;
}

export interface CompareArmsOptions {
  readonly seed: number;
  readonly margins: Readonly<Record<string, number>>;
  readonly draws?: number | undefined;
  /** Why an arm was not trained under the same conditions as the baseline; undefined where it was. */
  readonly notComparable: (arm: string) => string | undefined;
}

/** Every metric of every task that two arms answered, with verdicts over all rows of all arms together (Holm). */
export function compareArms(
  baseline: ScoredArm,
  others: readonly ScoredArm[],
  tasks: readonly Task[],
  options: CompareArmsOptions,
): StudyRow[] {
  const drafts = others.flatMap((arm) =>
    tasks
      .filter((task) => answered(baseline, task) && answered(arm, task))
      .flatMap((task) => draftsOf(baseline, arm, task, options)),
  );
  const judged = (draft: Draft) => draft.invalid === undefined && draft.notComparable === undefined;
  const adjusted = holm(drafts.map((draft) => (judged(draft) ? draft.judged.p : null)));
  return drafts.map((draft, i) => rowOf(draft, adjusted[i]!, options));
}

/** Whether every run of an arm answered a task; with another template, one may have none. */
export function answered({ runs }: ScoredArm, { name }: Pick<Task, 'name'>): boolean {
  return runs.length > 0 && runs.every(({ items }) => items[name] !== undefined);
}

interface Draft {
  readonly arm: ScoredArm;
  readonly baseline: ScoredArm;
  readonly task: Task;
  readonly name: string;
  readonly metric: Metric;
  readonly difference: ArmDifference;
  readonly distance: ArmDifference | null;
  /** What the verdict is about. */
  readonly judged: ArmDifference;
  readonly invalid: string | undefined;
  readonly notComparable: string | undefined;
}

function draftsOf(baseline: ScoredArm, arm: ScoredArm, task: Task, options: CompareArmsOptions): Draft[] {
  const before = itemsOf(baseline, task.name, seedsBeside(arm));
  const after = itemsOf(arm, task.name, seedsBeside(baseline));
  return Object.entries(task.metrics).map(([name, metric]) => {
    const setting: FigureSetting = { task: task.name, name, metric, seed: options.seed, draws: options.draws };
    const difference = armDifference(before, after, setting);
    const { ideal } = metric;
    const distance =
      ideal === undefined ? null : armDifference(before, after, setting, (figure) => Math.abs(figure - ideal));
    return {
      ...{ arm, baseline, task, name, metric, difference, distance },
      judged: distance ?? difference,
      invalid: whyInvalid(baseline, task.name) ?? whyInvalid(arm, task.name),
      notComparable: options.notComparable(arm.name) ?? otherTokenizer(metric, baseline, arm),
    };
  });
}

/** A control has no spread over seeds: as many equal runs as the other arm has, and its part of the variance is 0. */
function seedsBeside({ trained, runs }: ScoredArm): number {
  return trained ? runs.length : seedsForClaim;
}

export function itemsOf({ trained, runs }: ScoredArm, task: string, seeds: number): ArmItems {
  const items: (readonly ValuedItem[])[] = runs.map((run) => run.items[task]!);
  return trained ? items : Array.from({ length: seeds }, () => items[0]!);
}

/** Why the figures of an arm mean nothing. */
export function whyInvalid({ name, runs, diverged }: ScoredArm, task: string): string | undefined {
  if (diverged.length > 0) return `${name} has no figure for every seed: ${diverged.join('; ')}`;
  for (const { results, model } of runs) {
    const { invalid = null } = results.find((one) => one.task === task) ?? {};
    if (invalid !== null) return `${model}: ${invalid}`;
  }
  return undefined;
}

/** A figure that counts tokens says something about the tokenizer too. */
function otherTokenizer({ perToken }: Metric, before: ScoredArm, after: ScoredArm): string | undefined {
  const [x, y] = [before, after].map(({ runs }) => runs[0]?.fingerprint.tokenizer);
  if (!perToken || x === y) return undefined;
  return `${before.name} and ${after.name} have different tokenizers, and the figure counts tokens; compare bits per byte`;
}

function rowOf(draft: Draft, adjusted: number | null, { margins }: CompareArmsOptions): StudyRow {
  const { arm, baseline, task, name, metric, difference, distance, judged, invalid, notComparable } = draft;
  const higherIsBetter = metric.higherIsBetter ?? null;
  const { word, why } = methodVerdict(
    { ...judged, p: adjusted },
    { higherIsBetter: higherIsBetter ?? false, margin: margins[`${task.name}.${name}`], invalid, notComparable },
  );
  return {
    ...{ arm: arm.name, task: task.name, metric: name, axis: metric.axis ?? task.axis },
    ...{ higherIsBetter, ideal: metric.ideal ?? null, unit: metric.unit ?? 'number' },
    ...{ n: difference.n, clusters: difference.clusters, before: difference.before, after: difference.after },
    difference: changeOf(difference),
    distance: distance && changeOf(distance),
    ...{ test: judged.test, midP: null, fixed: null, broken: null, detectable: detectableOf(judged) },
    ...{ adjusted, verdict: word, why },
    seedsBefore: baseline.trained ? difference.seedsBefore : null,
    seedsAfter: arm.trained ? difference.seedsAfter : null,
    ...{ varianceOfSeeds: judged.varianceOfSeeds, varianceOfItems: judged.varianceOfItems },
  };
}

function changeOf({ value, standardError, df, interval, method, p }: ArmDifference): StudyRow['difference'] {
  return { value, standardError, df, interval, method, p };
}

function detectableOf({ standardError, df }: ArmDifference): number | null {
  return standardError === null || standardError === 0 || df === null || df <= 0
    ? null
    : detectableEffect(standardError, df);
}

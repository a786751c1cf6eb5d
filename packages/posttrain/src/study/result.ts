import { type Axis, axes, type RequirementResult, type Task } from '../evaluate/index.ts';
import { figureOf } from './arm-figures.ts';
import { checkArm } from './arm-requirements.ts';
import { type ArmChoice, edgeRemarks } from './choose.ts';
import { type ArmTokens, type Claim, claimOf, tokensOf, unequalTokens } from './claim.ts';
import { answered, compareArms, type ScoredArm, type StudyRow } from './compare-arms.ts';
import type { PreparedStudy, StudyPlan } from './plan.ts';
import type { ModelScores } from './scores.ts';
import type { RunOutcome, StudyRead } from './study-folder.ts';

/** Everything a study found, as plain JSON; the same answers give the same text. */
export interface StudyResult {
  readonly version: 1;
  readonly name: string;
  /** The hash of the plan. */
  readonly plan: string;
  readonly claim: Claim;
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly arms: readonly ArmResult[];
  /** By axis, then as tasks and metrics were given. */
  readonly figures: readonly StudyFigure[];
  readonly rows: readonly StudyRow[];
  readonly requirements: readonly RequirementResult[];
  /** How often the documents of the comparison were begun to be read, interruptions not counted. */
  readonly reads: number;
  readonly remarks: readonly string[];
  /** What concerns single models: prompts that were cut, answers without text and the like. */
  readonly details: readonly string[];
}

export interface ArmResult {
  readonly name: string;
  /** Null for a control. */
  readonly method: string | null;
  readonly model: string;
  /** The point it was compared at; null for a control. */
  readonly point: string | null;
  /** Null where there was nothing to choose. */
  readonly choice: ArmChoice | null;
  /** Null for a control. */
  readonly tokens: ArmTokens | null;
  /** Without the seconds they took, which are in runs.jsonl. */
  readonly runs: readonly Omit<RunOutcome, 'seconds'>[];
}

/** One metric of one task over all arms. */
export interface StudyFigure {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  readonly about: string;
  readonly unit: 'share' | 'number';
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
  readonly n: number;
  readonly arms: readonly ArmFigure[];
}

export interface ArmFigure {
  readonly arm: string;
  /** Over seeds. */
  readonly mean: number | null;
  /** Standard deviation over seeds; null for fewer than two, as for a control. */
  readonly spread: number | null;
  readonly bySeed: readonly { readonly seed: number | null; readonly value: number | null }[];
}

/** One arm after all training and answering. */
export interface FinishedArm {
  readonly name: string;
  readonly point: string | null;
  readonly choice: ArmChoice | null;
  /** In the order of the seeds, with what its model answered; one without outcome for a control. */
  readonly runs: readonly {
    readonly seed: number | null;
    readonly outcome: RunOutcome | null;
    readonly scores: ModelScores | null;
  }[];
}

/** Puts together what a study found. @param draws resamples of documents, 2,000 without */
export function concludeStudy(
  { plan, evaluateTasks: tasks, requirements, remarks }: PreparedStudy,
  arms: readonly FinishedArm[],
  reads: readonly StudyRead[],
  draws?: number,
): StudyResult {
  const scored = new Map(arms.map((arm) => [arm.name, scoredArm(arm, plan)]));
  const baseline = scored.get(plan.baseline)!;
  const others = [...scored.values()].filter((arm) => arm !== baseline);
  const trained = arms.filter(({ name }) => scored.get(name)!.trained);
  const tokens = Object.fromEntries(
    trained.map(({ name, runs }) => [name, tokensOf(runs.flatMap(({ outcome }) => outcome ?? []))]),
  );
  const diverged = Object.fromEntries(trained.map(({ name }) => [name, scored.get(name)!.diverged]));
  const { seed, margins } = plan.evaluate;
  const notComparable = (arm: string) => unequalTokens(plan, tokens, arm);
  const rows = compareArms(baseline, others, tasks, { seed, margins, draws, notComparable });
  const facts = { baseline, tasks, rows, seed, draws };
  return {
    version: 1,
    name: plan.name,
    plan: plan.hash,
    claim: claimOf({ plan, tokens, diverged, reads }),
    baseline: plan.baseline,
    seeds: plan.seeds,
    arms: arms.map((arm) => armResult(arm, plan, tokens[arm.name] ?? null)),
    figures: axes.flatMap((axis) => tasks.flatMap((task) => figuresOf(task, axis, arms))),
    rows,
    requirements: others.flatMap((arm) => requirements.map((one) => checkArm(arm, one, facts))),
    reads: reads.filter(({ event }) => event === 'begin').length,
    remarks: [
      ...remarks,
      ...arms.flatMap(({ choice }) => (choice ? edgeRemarks(choice) : [])),
      ...silent(arms, scored, tasks),
    ],
    details: arms.flatMap(({ runs }) => runs.flatMap(({ scores }) => scores?.remarks ?? [])),
  };
}

function scoredArm({ name, runs }: FinishedArm, plan: StudyPlan): ScoredArm {
  return {
    name,
    trained: plan.arms.find((arm) => arm.name === name)!.method !== null,
    runs: runs.flatMap(({ scores }) => scores ?? []),
    diverged: runs.flatMap(({ seed, outcome }) =>
      outcome?.status === 'diverged' ? [`seed ${seed}, ${outcome.message}`] : [],
    ),
  };
}

function armResult({ name, point, choice, runs }: FinishedArm, plan: StudyPlan, tokens: ArmTokens | null): ArmResult {
  const { method, model } = plan.arms.find((arm) => arm.name === name)!;
  const timeless = runs.flatMap(({ outcome }) => {
    if (!outcome) return [];
    const { seconds: _, ...rest } = outcome;
    return [rest];
  });
  return { name, method, model, point, choice, tokens, runs: timeless };
}

function figuresOf(task: Task, axis: Axis, arms: readonly FinishedArm[]): StudyFigure[] {
  return Object.entries(task.metrics)
    .filter(([, metric]) => (metric.axis ?? task.axis) === axis)
    .map(([name, metric]): StudyFigure => {
      const measured = arms.map(({ name: arm, runs }): ArmFigure => {
        const bySeed = runs.flatMap(({ seed, scores }) => {
          const items = scores?.items[task.name];
          return items ? [{ seed, value: figureOf(metric, name, items) }] : [];
        });
        return { arm, ...momentsOf(bySeed.flatMap(({ value }) => value ?? [])), bySeed };
      });
      const n = arms.flatMap(({ runs }) => runs.map(({ scores }) => scores?.items[task.name]?.length ?? 0));
      return {
        ...{ axis, task: task.name, metric: name, about: metric.about, unit: metric.unit ?? 'number' },
        ...{ higherIsBetter: metric.higherIsBetter ?? null, ideal: metric.ideal ?? null },
        ...{ n: Math.max(0, ...n), arms: measured },
      };
    });
}

function momentsOf(values: readonly number[]): { readonly mean: number | null; readonly spread: number | null } {
  if (values.length === 0) return { mean: null, spread: null };
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length < 2) return { mean, spread: null };
  return { mean, spread: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
}

/** A sentence for each arm and task without a row. */
function silent(
  arms: readonly FinishedArm[],
  scored: ReadonlyMap<string, ScoredArm>,
  tasks: readonly Task[],
): string[] {
  return arms.flatMap(({ name, runs }) => {
    if (runs.every(({ scores }) => scores === null)) return [`${name} has no model to compare: every seed diverged.`];
    return tasks
      .filter((task) => !answered(scored.get(name)!, task))
      .map((task) => {
        const reasons = runs.flatMap(({ scores }) => scores?.notRun.filter((one) => one.task === task.name) ?? []);
        return `${task.name} was not run with ${name}: ${reasons[0]?.why ?? 'it gave no answer.'}`;
      });
  });
}

import { checkGate, type GateOperator, type GateResult, gateOperators, type Interval } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { Comparison } from './compare.ts';
import type { NotRun } from './evaluation.ts';
import type { TaskResult } from './task-result.ts';

const quantities = ['value', 'change', 'distance', 'change of distance'] as const;

/** A condition on the last model: a figure of its own, or its difference from the first one. */
export interface Requirement {
  readonly task: string;
  readonly metric: string;
  /** `distance` is from the ideal that a figure is best at. */
  readonly of: (typeof quantities)[number];
  readonly op: GateOperator;
  readonly threshold: number;
}

export interface RequirementResult extends Omit<GateResult, 'outcome' | 'metric'> {
  readonly requirement: string;
  readonly model: string;
  readonly outcome: GateResult['outcome'] | 'invalid';
}

const form =
  /^(change of )?(distance of )?([a-z0-9][\w./-]*)\.([\w-]+)\s*(>=|<=|>|<)\s*(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)$/;

/**
 * Reads `task.metric >= 0.7`, `change of task.metric > -0.02`, and for figures that are best at a value of their own
 * `distance of task.metric <= 0.1` and `change of distance of task.metric <= 0.02`.
 * @throws PosttrainError `usage` showing the form
 */
export function parseRequirement(text: string): Requirement {
  const match = form.exec(text.trim());
  if (!match) {
    throw new PosttrainError('usage', `the requirement ${JSON.stringify(text)} cannot be read.`, {
      help: `write "mmlu.acc >= 0.4" for a figure of the last model, "change of mmlu.acc > -0.02" for its difference from the first one, or "distance of bbq.bias_ambiguous <= 0.1" from what is best; comparisons are ${gateOperators.join(' ')}.`,
    });
  }
  const [, change, distance, task, metric, op, threshold] = match;
  return {
    task: task!,
    metric: metric!,
    of: quantities[(distance ? 2 : 0) + (change ? 1 : 0)]!,
    op: op as GateOperator,
    threshold: Number(threshold),
  };
}

export function describeRequirement({ task, metric, of, op, threshold }: Requirement): string {
  return `${of === 'value' ? '' : `${of} of `}${task}.${metric} ${op} ${threshold}`;
}

/**
 * Holds the last model to a requirement. The end of the interval counts and not the figure; an interval too wide to tell is
 * `underpowered`, and a figure that means nothing, or was not measured, `invalid`.
 * @param requirement one that `checkNames` passed
 */
export function checkRequirement(
  requirement: Requirement,
  model: string,
  {
    results,
    notRun,
    comparison,
  }: {
    readonly results: readonly TaskResult[];
    readonly notRun: readonly NotRun[];
    /** Of the last model with the first. */
    readonly comparison: Comparison | null;
  },
): RequirementResult {
  const { task, metric, of, op, threshold } = requirement;
  const text = describeRequirement(requirement);
  const result = results.find((one) => one.model === model && one.task === task);
  const figure = result?.metrics.find(({ name }) => name === metric);
  const row = comparison?.rows.find((one) => one.task === task && one.metric === metric);
  const change = of === 'change' || of === 'change of distance';
  const estimate = change
    ? { interval: (of === 'change' ? row?.difference : row?.distance)?.interval ?? null, n: row?.n ?? 0 }
    : { interval: figureInterval(figure, of), n: figure?.n ?? 0 };
  const { outcome, metric: _, ...rest } = checkGate({ metric: text, op, threshold }, estimate);
  const skipped = notRun.find(
    (one) => one.task === task && (one.model === model || (change && one.model === comparison?.before)),
  );
  const unusable = skipped
    ? `${skipped.task} was not run with ${skipped.model}: ${skipped.why}`
    : (result?.invalid ??
      (change && row?.verdict === 'invalid' ? row.why : null) ??
      (change && row?.verdict === 'not comparable' ? row.why : null));
  return unusable === null
    ? { requirement: text, model, outcome, ...rest }
    : { requirement: text, model, ...rest, outcome: 'invalid', why: unusable };
}

function figureInterval(
  figure: { readonly interval: Interval | null; readonly ideal: number | null } | undefined,
  of: Requirement['of'],
): Interval | null {
  if (!figure?.interval || of === 'value') return figure?.interval ?? null;
  const [low, high] = [figure.interval.low - figure.ideal!, figure.interval.high - figure.ideal!];
  return { low: Math.max(0, low, -high), high: Math.max(Math.abs(low), Math.abs(high)) };
}

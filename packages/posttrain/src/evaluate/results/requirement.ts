import { checkGate, type Gate, type GateOperator, type GateResult, gateOperators } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import type { Comparison } from './compare.ts';
import type { TaskResult } from './task-result.ts';

/** A condition on the last model: a figure of its own, or its difference from the first one. */
export interface Requirement {
  readonly task: string;
  readonly metric: string;
  readonly of: 'value' | 'change';
  readonly op: GateOperator;
  readonly threshold: number;
}

export interface RequirementResult extends Omit<GateResult, 'outcome' | 'metric'> {
  readonly requirement: string;
  readonly model: string;
  readonly outcome: GateResult['outcome'] | 'invalid';
}

const form = /^(change of )?([a-z0-9][\w./-]*)\.([\w-]+)\s*(>=|<=|>|<)\s*(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)$/;

/**
 * Reads `task.metric >= 0.7` or `change of task.metric > -0.02`.
 * @throws PosttrainError `usage` showing the form
 */
export function parseRequirement(text: string): Requirement {
  const match = form.exec(text.trim());
  if (!match) {
    throw new PosttrainError('usage', `the requirement ${JSON.stringify(text)} cannot be read.`, {
      help: `write "mmlu.acc >= 0.4" for a figure of the last model, or "change of mmlu.acc > -0.02" for its difference from the first one; comparisons are ${gateOperators.join(' ')}.`,
    });
  }
  const [, change, task, metric, op, threshold] = match;
  return {
    task: task!,
    metric: metric!,
    of: change ? 'change' : 'value',
    op: op as GateOperator,
    threshold: Number(threshold),
  };
}

export function describeRequirement({ task, metric, of, op, threshold }: Requirement): string {
  return `${of === 'change' ? 'change of ' : ''}${task}.${metric} ${op} ${threshold}`;
}

/**
 * Holds the last model to a requirement. The end of the interval counts and not the figure; an interval too wide to tell is
 * `underpowered`.
 * @throws PosttrainError `usage` for a metric that was not evaluated, or a change with one model
 */
export function checkRequirement(
  requirement: Requirement,
  results: readonly TaskResult[],
  comparison: Comparison | null,
): RequirementResult {
  const { task, metric, of, op, threshold } = requirement;
  const text = describeRequirement(requirement);
  const model = results.at(-1)?.model;
  const result = results.find((one) => one.model === model && one.task === task);
  const figure = result?.metrics.find(({ name }) => name === metric);
  if (!result || !figure) throw unknownMetric(text, results);
  const row = comparison?.rows.find((one) => one.task === task && one.metric === metric);
  if (of === 'change' && !row)
    throw new PosttrainError('usage', `the requirement "${text}" needs two models.`, {
      help: 'name the model to compare with first.',
    });
  const gate: Gate = { metric: text, op, threshold };
  const estimate = of === 'change' ? { interval: row!.difference.interval, n: row!.n } : figure;
  const { outcome, metric: _, ...rest } = checkGate(gate, estimate);
  const unusable = result.invalid ?? (row?.verdict === 'not comparable' && of === 'change' ? row.why : null);
  return unusable === null
    ? { requirement: text, model: model!, outcome, ...rest }
    : { requirement: text, model: model!, ...rest, outcome: 'invalid', why: unusable };
}

function unknownMetric(text: string, results: readonly TaskResult[]): PosttrainError {
  const names = [...new Set(results.flatMap(({ task, metrics }) => metrics.map(({ name }) => `${task}.${name}`)))];
  return new PosttrainError('usage', `the requirement "${text}" names a figure that was not evaluated.`, {
    help: `there are ${nearestFirst(text, names).slice(0, 8).join(', ')}.`,
  });
}

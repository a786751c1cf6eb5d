import { PosttrainError } from '../../support/errors.ts';
import type { Estimate } from './estimate.ts';
import { halfWidth } from './interval.ts';

export const gateOperators = ['>=', '>', '<=', '<'] as const;
export type GateOperator = (typeof gateOperators)[number];

/** A condition that a scorecard must meet: `{ metric: 'citations.precision', op: '>=', threshold: 0.9 }`. */
export interface Gate {
  readonly metric: string;
  readonly op: GateOperator;
  readonly threshold: number;
}

export interface GateResult extends Gate {
  readonly outcome: 'passed' | 'failed' | 'underpowered';
  /** The end of the interval that was tested: the low one for ≥ and >, the high one for ≤ and <. */
  readonly bound: number | null;
  readonly halfWidth: number | null;
  /** About how many items would make the interval narrow enough; null where it is, or where nothing tells. */
  readonly itemsNeeded: number | null;
  readonly why: string;
}

/**
 * Whether an estimate passes a gate. It tests the end of the interval and not the estimate, so luck does not pass. An
 * interval whose half-width exceeds the size of the threshold cannot tell the threshold from nothing: *underpowered*,
 * whatever its ends are, and so is no interval at all. A threshold of 0 has no size, and only its bound is tested.
 *
 * @throws PosttrainError `usage` for a threshold that is not finite
 */
export function checkGate(gate: Gate, estimate: Pick<Estimate, 'interval' | 'n'>): GateResult {
  const { metric, op, threshold } = gate;
  if (!Number.isFinite(threshold))
    throw new PosttrainError('usage', `the gate on ${metric} has the threshold ${threshold}.`, {
      help: 'a threshold is a finite number in the unit of the metric',
    });
  const { interval, n } = estimate;
  if (!interval) {
    const why = `${metric}: no interval from ${n} items`;
    return { ...gate, outcome: 'underpowered', bound: null, halfWidth: null, itemsNeeded: null, why };
  }
  const half = halfWidth(interval);
  const bound = op === '>=' || op === '>' ? interval.low : interval.high;
  const range = `[${short(interval.low)}, ${short(interval.high)}] from ${n} items`;
  const size = Math.abs(threshold);
  if (size > 0 && half > size) {
    const itemsNeeded = Math.ceil(n * (half / size) ** 2);
    const why = `${metric}: ${range} is wider than ±${short(size)}; about ${itemsNeeded} items would tell`;
    return { ...gate, outcome: 'underpowered', bound, halfWidth: half, itemsNeeded, why };
  }
  const passed = holds(bound, op, threshold);
  const end = op === '>=' || op === '>' ? 'low' : 'high';
  const why = `${metric}: the ${end} end of ${range} is ${passed ? '' : 'not '}${op} ${short(threshold)}`;
  return { ...gate, outcome: passed ? 'passed' : 'failed', bound, halfWidth: half, itemsNeeded: null, why };
}

function holds(bound: number, op: GateOperator, threshold: number): boolean {
  switch (op) {
    case '>=':
      return bound >= threshold;
    case '>':
      return bound > threshold;
    case '<=':
      return bound <= threshold;
    case '<':
      return bound < threshold;
  }
}

const short = (x: number) => String(Number(x.toPrecision(3)));

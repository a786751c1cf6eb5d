import { join } from 'node:path';
import type { EvaluateEvent, StepEvent } from './events.ts';
import { readJsonl } from './jsonl-log.ts';

/**
 * Fields that depend on the machine and the moment; every other field of a metrics row is the same, bit for bit, for a
 * run that was killed and resumed. They are at the top of a row or in its `memory`.
 */
export const timeFields = ['time', 'seconds', 'tokensPerSecond', 'rss', 'peakRss', 'eta'] as const;

/** A row of metrics.jsonl. `time` is when it was written, in milliseconds since 1970. */
export type MetricsRow = (StepEvent | EvaluateEvent) & { readonly time: number };

export interface Metrics {
  /** One row a step, in order. */
  readonly steps: readonly (StepEvent & { readonly time: number })[];
  /** One row for each step after which the held-out loss was measured, in order. */
  readonly evaluations: readonly (EvaluateEvent & { readonly time: number })[];
  /** The step each resume started from. */
  readonly resumes: readonly number[];
  /** Lines a killed writer left unfinished. */
  readonly torn: number;
}

/** Reads metrics.jsonl of a run folder, whether or not the run is going. */
export function readMetrics(dir: string): Metrics {
  const { rows, torn } = readJsonl(join(dir, 'metrics.jsonl'));
  const current = currentRows(rows);
  const ofType = <Row extends MetricsRow>(type: Row['type']): Row[] => {
    const byStep = new Map(
      current.filter((row) => row['type'] === type).map((row) => [Number(row['step']), row as unknown as Row]),
    );
    return [...byStep.values()].sort((a, b) => a.step - b.step);
  };
  return {
    steps: ofType<StepEvent & { time: number }>('step'),
    evaluations: ofType<EvaluateEvent & { time: number }>('evaluate'),
    resumes: rows.filter((row) => row['type'] === 'resume').map((row) => Number(row['fromStep'])),
    torn,
  };
}

/** The rows of a log that still count: a resume row sets aside the rows before it that belong to a later step. */
export function currentRows<Row extends Readonly<Record<string, unknown>>>(rows: readonly Row[]): Row[] {
  let current: Row[] = [];
  for (const row of rows) {
    if (row['type'] === 'resume') {
      const from = Number(row['fromStep']);
      current = current.filter(({ step }) => !(typeof step === 'number' && step > from));
    } else current.push(row);
  }
  return current;
}

/** A copy of a row without its time fields, for comparing runs bit for bit. */
export function withoutTimeFields(row: object): Record<string, unknown> {
  const kept = Object.entries(row).filter(([key]) => !(timeFields as readonly string[]).includes(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? withoutTimeFields(value) : value,
    ]),
  );
}

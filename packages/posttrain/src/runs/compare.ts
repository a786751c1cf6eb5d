import { type RunSummary, readRun } from './list.ts';

type Run = ReturnType<typeof readRun>;

/** A dotted name whose value differs between two runs; undefined where a run lacks it. */
export interface Difference {
  readonly key: string;
  readonly a: unknown;
  readonly b: unknown;
}

export interface RunComparison {
  readonly a: RunSummary;
  readonly b: RunSummary;
  /** Keys of the resolved recipes. */
  readonly recipe: readonly Difference[];
  /** Versions, engine, machine, commit and data. */
  readonly environment: readonly Difference[];
  readonly metrics: MetricsComparison;
}

export interface MetricsComparison {
  /** The last step both runs have done; 0 where there is none. */
  readonly step: number;
  /** Training loss at that step, in nats per token. */
  readonly loss: Pair;
  /** Held-out loss at the last step after which both measured it, in nats per token. */
  readonly heldOutLoss: Pair;
  /** Tokens per second over all steps. */
  readonly tokensPerSecond: Pair;
  /** The highest resident memory of the engine, in bytes. */
  readonly peakRss: Pair;
  /** The first common step whose losses differ, or null: the same to the last bit. */
  readonly firstDifferentStep: number | null;
}

export interface Pair {
  readonly a: number | null;
  readonly b: number | null;
}

/** What differs between two runs, in what they were told and in what came of it. */
export function compareRuns(dirA: string, dirB: string): RunComparison {
  const a = readRun(dirA);
  const b = readRun(dirB);
  return {
    a: a.summary,
    b: b.summary,
    recipe: differences(a.resolved, b.resolved),
    environment: differences(environment(a), environment(b)),
    metrics: compareMetrics(a, b),
  };
}

function environment({ info }: Run): object {
  const { posttrain, node, engine, machine, commit, data } = info;
  return { posttrain, node, engine, machine, commit, data: data.map(({ sha256 }) => sha256) };
}

function compareMetrics(a: Run, b: Run): MetricsComparison {
  const other = new Map(b.metrics.steps.map((row) => [row.step, row]));
  const common = a.metrics.steps.flatMap((row) => {
    const match = other.get(row.step);
    return match === undefined ? [] : [{ step: row.step, a: row.loss, b: match.loss }];
  });
  const heldOut = new Map(b.metrics.evaluations.map((row) => [row.step, row.loss]));
  const evaluation = a.metrics.evaluations.findLast(({ step }) => heldOut.has(step));
  const last = common.at(-1);
  return {
    step: last?.step ?? 0,
    loss: { a: last?.a ?? null, b: last?.b ?? null },
    heldOutLoss: {
      a: evaluation?.loss ?? null,
      b: evaluation === undefined ? null : (heldOut.get(evaluation.step) ?? null),
    },
    tokensPerSecond: { a: speed(a), b: speed(b) },
    peakRss: { a: peak(a), b: peak(b) },
    firstDifferentStep: common.find((row) => row.a !== row.b)?.step ?? null,
  };
}

function speed({ metrics: { steps }, summary: { seconds } }: Run): number | null {
  return seconds > 0 ? steps.reduce((sum, { tokens }) => sum + tokens, 0) / seconds : null;
}

function peak({ metrics: { steps } }: Run): number | null {
  return steps.length === 0 ? null : steps.reduce((highest, { memory }) => Math.max(highest, memory.peakRss), 0);
}

/** The leaves in which two plain objects differ, by dotted name, in the order in which they come. */
export function differences(a: unknown, b: unknown): Difference[] {
  const [left, right] = [leaves(a), leaves(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => left.get(key) !== right.get(key))
    .map((key) => ({ key, a: left.get(key), b: right.get(key) }));
}

function leaves(value: unknown, prefix = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[prefix, value]]);
  return new Map(
    Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, prefix === '' ? key : `${prefix}.${key}`)]),
  );
}

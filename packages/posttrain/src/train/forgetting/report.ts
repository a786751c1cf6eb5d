import type { ForgettingChange, ForgettingRecord, SuiteForgetting, TextForgetting } from '../../runs/index.ts';
import {
  bootstrap,
  type Difference,
  type Evidence,
  pairedDifference,
  type Verdict,
  verdicts,
} from '../../scoring/index.ts';
import type { EncodedWindow, ForgettingData } from './encode.ts';
import type { Measurement } from './measure.ts';
import type { ForgettingPlan } from './plan.ts';
import { fewestMeasured } from './read-rows.ts';

/** Differences that do not matter, set here before any run: about 1 % of what a good model needs, and two questions in a hundred. */
const margins = { bitsPerByte: 0.01, accuracy: 0.02 } as const;

interface Course {
  readonly data: ForgettingData;
  readonly plan: ForgettingPlan;
  readonly precision: 'fp32' | 'bf16';
  readonly before: Measurement | null;
  /** Null until the run is over. */
  readonly after: Measurement | null;
}

/** What forgetting.json holds at this point of a run. */
export function forgettingRecord({ data, plan, precision, before, after }: Course): ForgettingRecord {
  const { status, why, cost, windows, items } = plan;
  const head = { version: 1, why, precision, cost } as const;
  if (status !== 'measured' || before === null)
    return { ...head, status: status === 'measured' ? 'begun' : status, text: null, suite: null, measured: nothing };
  const text = windows.length > 0 ? compareText(data.text!, windows, before, after) : null;
  const suite = items.length > 0 ? compareSuite(data.suite!, before, after) : null;
  const rows = [text, suite].filter((one) => one !== null);
  const judged = after === null ? [] : verdicts(rows.map(({ row }) => row));
  const verdictOf = (one: Compared<unknown> | null) => (one === null ? undefined : judged[rows.indexOf(one as never)]);
  return {
    ...head,
    status: after === null ? 'begun' : 'measured',
    text: text && { ...text.facts, ...words(verdictOf(text)) },
    suite: suite && { ...suite.facts, ...words(verdictOf(suite)) },
    measured: measuredOf(plan, before, after),
  };
}

const nothing = { text: null, suite: null } as const;

interface Compared<Facts> {
  readonly facts: Omit<Facts, 'verdict' | 'why'>;
  /** What the verdict is made from. */
  readonly row: Evidence;
}

function words(verdict: Verdict | undefined) {
  return { verdict: verdict?.word ?? null, why: verdict?.why ?? null };
}

/**
 * Bits per byte are one ratio of sums, so that long windows weigh as much as they are long; its interval resamples documents
 * (evaluation tasks do the same).
 */
function compareText(
  { file, sha256, parts }: NonNullable<ForgettingData['text']>,
  windows: readonly EncodedWindow[],
  { text: before }: Measurement,
  after: Measurement | null,
): Compared<TextForgetting> {
  const bytes = windows.map((window) => window.bytes);
  const documents = new Set(windows.map(({ document }) => document)).size;
  const clusteredBy = documents < fewestMeasured ? 'window' : 'document';
  const tokens = sum(windows.map((window) => window.tokens));
  const bits = (nats: readonly number[]) => finite(sum(nats) / Math.LN2 / sum(bytes));
  const changes = after?.text.map((nats, i) => nats - before[i]!);
  const broken = brokenBy([...before, ...(after?.text ?? [])]);
  const difference =
    changes === undefined || broken !== undefined
      ? null
      : bootstrap(
          windows.length,
          (drawn) => sum(drawn.map((i) => changes[i]!)) / Math.LN2 / sum(drawn.map((i) => bytes[i]!)),
          {
            seed: 0,
            name: 'forgetting',
            ...(clusteredBy === 'document' ? { clusters: windows.map(({ document }) => document) } : {}),
          },
        );
  return {
    facts: {
      name: 'bits per byte of neutral text',
      unit: 'number',
      file,
      sha256,
      before: bits(before),
      after: after && bits(after.text),
      difference: difference && changeOf(difference),
      margin: margins.bitsPerByte,
      windows: windows.length,
      windowsInFile: parts.length,
      documents,
      clusteredBy,
      bytes: sum(bytes),
      tokens,
      logProbability: changes === undefined ? null : finite(0 - sum(changes) / tokens),
    },
    row: rowOf(difference, { higherIsBetter: false, margin: margins.bitsPerByte, invalid: broken }),
  };
}

function compareSuite(
  { file, sha256, parts }: NonNullable<ForgettingData['suite']>,
  { suite: before }: Measurement,
  after: Measurement | null,
): Compared<SuiteForgetting> {
  const [x, y] = [before, after?.suite].map((answers) => answers?.right.map(Number));
  const broken = brokenBy([...before.logp, ...(after?.suite.logp ?? [])]);
  const paired = y === undefined || broken !== undefined ? null : pairedDifference(x!, y);
  // Few questions of which none changed prove nothing, unless nothing changed behind them either.
  const same =
    paired !== null &&
    paired.fixed + paired.broken === 0 &&
    before.logp.every((logp, i) => logp === after!.suite.logp[i]);
  const difference = paired && (same ? { ...paired, interval: { low: 0, high: 0 } } : paired);
  return {
    facts: {
      name: 'questions of the general suite',
      unit: 'share',
      file,
      sha256,
      before: sum(x!) / x!.length,
      after: y === undefined ? null : sum(y) / y.length,
      difference: difference && changeOf(difference),
      margin: margins.accuracy,
      questions: x!.length,
      questionsInFile: parts.length,
      fixed: paired?.fixed ?? null,
      broken: paired?.broken ?? null,
    },
    row: rowOf(difference, { higherIsBetter: true, margin: margins.accuracy, invalid: broken }),
  };
}

function rowOf(
  difference: Pick<Difference, 'interval' | 'p' | 'n'> | null,
  facts: Pick<Evidence, 'higherIsBetter' | 'margin' | 'invalid'>,
): Evidence {
  return { difference: difference ?? { interval: null, p: null, n: 0 }, ...facts };
}

/** A model whose weights are no numbers any more gives no likelihoods to compare. */
function brokenBy(likelihoods: readonly number[]): string | undefined {
  const wrong = likelihoods.filter((value) => !Number.isFinite(value)).length;
  return wrong === 0 ? undefined : `${wrong} of ${likelihoods.length} likelihoods are no finite numbers`;
}

function changeOf({ value, standardError, interval, p }: Difference): ForgettingChange {
  return { value, standardError, interval, p };
}

function measuredOf({ windows, items }: ForgettingPlan, before: Measurement, after: Measurement | null) {
  return {
    text:
      windows.length === 0
        ? null
        : {
            documents: windows.map(({ document }) => document),
            bytes: windows.map(({ bytes }) => bytes),
            tokens: windows.map(({ tokens }) => tokens),
            before: before.text,
            after: after?.text ?? null,
          },
    suite:
      items.length === 0
        ? null
        : { lines: items.map(({ line }) => line), before: before.suite, after: after?.suite ?? null },
  };
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

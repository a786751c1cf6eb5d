import { type VerdictWord, verdicts } from '../../scoring/index.ts';
import type { Axis, Metric } from '../metric.ts';
import type { ModelFingerprint } from '../models/eval-model.ts';
import type { FigureOptions, ValuedItem } from './metric-result.ts';
import { type Change, type PairedFigures, pairedFigures } from './paired-figures.ts';

/** One metric of one task, of two models on identical documents. */
export interface ComparedMetric extends PairedFigures {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  /** Null where the figure is better the nearer it is to `ideal`. */
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
  readonly unit: 'share' | 'number';
  /** p over all rows of the comparison, by Holm. */
  readonly adjusted: number | null;
  readonly verdict: VerdictWord;
  readonly why: string;
}

export interface Comparison {
  readonly before: string;
  readonly after: string;
  readonly rows: readonly ComparedMetric[];
  /** Tasks with documents that only one side has; they count in its own figures, and not in differences. */
  readonly unpaired: readonly { readonly task: string; readonly before: number; readonly after: number }[];
}

/** What one model made of one task, as far as a comparison needs it. */
export interface ComparedTask {
  readonly axis: Axis;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly items: readonly ValuedItem[];
  readonly invalid: string | null;
  /** By metric why this side cannot be compared with another. */
  readonly notComparable?: Readonly<Record<string, string>>;
}

/** One side of a comparison. */
export interface ComparedModel {
  readonly id: string;
  readonly fingerprint: Pick<ModelFingerprint, 'tokenizer'>;
  readonly tasks: ReadonlyMap<string, ComparedTask>;
}

export interface CompareOptions extends FigureOptions {
  /** Differences that do not matter, by `task.metric`, set before the run. */
  readonly margins?: Readonly<Record<string, number>> | undefined;
}

/** Every metric of every task that both models answered, with verdicts over all of them together. */
export function compareModels(before: ComparedModel, after: ComparedModel, options: CompareOptions): Comparison {
  const drafts = [...before.tasks].flatMap(([task, one]) => {
    const other = after.tasks.get(task);
    if (!other) return [];
    const [x, y] = sameDocuments(one.items, other.items);
    return Object.entries(one.metrics).map(([name, metric]) => ({
      ...{ axis: metric.axis ?? one.axis, task, metric: name, unit: metric.unit ?? 'number' },
      ...{ higherIsBetter: metric.higherIsBetter ?? null, ideal: metric.ideal ?? null },
      figures: pairedFigures(task, name, metric, x, y, options),
      invalid: one.invalid ?? other.invalid ?? undefined,
      notComparable:
        one.notComparable?.[name] ?? other.notComparable?.[name] ?? whyNotComparable(metric, before, after),
    }));
  });
  const words = verdicts(
    drafts.map(({ task, metric, figures, higherIsBetter, invalid, notComparable }) => ({
      difference: { ...(figures.distance ?? figures.difference), n: figures.n },
      higherIsBetter: higherIsBetter ?? false,
      margin: options.margins?.[`${task}.${metric}`],
      ...{ invalid, notComparable },
    })),
  );
  const rows = drafts.map(
    ({ axis, task, metric, unit, higherIsBetter, ideal, figures }, i): ComparedMetric => ({
      ...{ axis, task, metric, higherIsBetter, ideal, unit },
      ...figures,
      ...{ adjusted: words[i]!.adjusted, verdict: words[i]!.word, why: words[i]!.why },
    }),
  );
  return { before: before.id, after: after.id, rows, unpaired: unpairedOf(before, after) };
}

/** The documents that both sides have, in the order of the first. */
function sameDocuments(before: readonly ValuedItem[], after: readonly ValuedItem[]) {
  const others = new Map(after.map((item) => [item.docId, item]));
  const both = before.filter(({ docId }) => others.has(docId));
  return [both, both.map(({ docId }) => others.get(docId)!)] as const;
}

function unpairedOf(before: ComparedModel, after: ComparedModel): Comparison['unpaired'] {
  return [...before.tasks].flatMap(([task, one]) => {
    const other = after.tasks.get(task);
    if (!other) return [];
    const both = sameDocuments(one.items, other.items)[0].length;
    const alone = { before: one.items.length - both, after: other.items.length - both };
    return alone.before + alone.after === 0 ? [] : [{ task, ...alone }];
  });
}

/** A figure that counts tokens says something about the tokenizer too. */
function whyNotComparable(metric: Metric, before: ComparedModel, after: ComparedModel): string | undefined {
  if (!metric.perToken || before.fingerprint.tokenizer === after.fingerprint.tokenizer) return undefined;
  return `${before.id} and ${after.id} have different tokenizers, and the figure counts tokens; compare bits per byte`;
}

/** The change that a verdict judges: of the distance from the ideal where there is one, else of the figure. */
export function judgedChange({ distance, difference }: Pick<ComparedMetric, 'distance' | 'difference'>): Change {
  return distance ?? difference;
}

/** Rows in which something got worse: proven first, then by size of the loss in standard errors. */
export function worseFirst(rows: readonly ComparedMetric[]): ComparedMetric[] {
  const loss = (row: ComparedMetric) => {
    const { value, standardError } = judgedChange(row);
    return ((row.higherIsBetter ? -1 : 1) * (value ?? 0)) / (standardError || 1);
  };
  const rank = ({ verdict }: ComparedMetric) => (verdict === 'regressed' ? 0 : 1);
  return rows
    .filter((row) => row.verdict === 'regressed' || (row.verdict === 'inconclusive' && loss(row) > 0))
    .sort((a, b) => rank(a) - rank(b) || loss(b) - loss(a));
}

/** How the items' values become one figure, and how that figure is read. */

/** The parts of the scorecard, in its order. */
export const axes = [
  'intent',
  'citations',
  'reliability',
  'factuality',
  'safety',
  'bias',
  'domain',
  'forgetting',
] as const;
export type Axis = (typeof axes)[number];

/** A figure that a model without any skill reaches: a number, or made from the documents that were asked. Null: none is known. */
export type Baseline<Doc> = number | null | ((docs: readonly Doc[]) => number | null);

/** Which figures are better: higher ones, lower ones, or those nearer to `ideal`, such as 0 for a bias that has two directions. */
export type Direction =
  | { readonly higherIsBetter: boolean; readonly ideal?: never }
  | { readonly ideal: number; readonly higherIsBetter?: never };

export interface MetricReading<Doc> {
  /** One line for a person; the metric's name is shown beside it. */
  readonly about: string;
  /** The scorecard's part it stands in, where that is not the task's. */
  readonly axis?: Axis;
  /** What guessing gives. */
  readonly chance?: Baseline<Doc>;
  /** What always giving the commonest answer gives. */
  readonly majority?: Baseline<Doc>;
  /** A metric of the same task that pays for this one, such as coverage for abstention: reports show the two together. */
  readonly against?: string;
  /** Rows of one comparison must come from the same tokenizer: the figure counts tokens. */
  readonly perToken?: boolean;
  /** How the figure is printed; `share` as per cent. Default: `number`. */
  readonly unit?: 'share' | 'number';
}

/** The mean of the items' numbers. An item's null does not apply and is left out. */
export type MeanMetric<Doc> = MetricReading<Doc> & Direction & { readonly kind: 'mean' };

export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** Σ numerator / Σ denominator over all items: a corpus figure such as bits per byte, never a mean of ratios. */
export type RatioMetric<Doc> = MetricReading<Doc> & Direction & { readonly kind: 'ratio' };

/**
 * Any other function of all items, such as macro-F1 or a bias score: `compute` gets the items' values, without nulls, and gives
 * null where it is undefined. Its interval is a bootstrap over clusters, so it must be pure, and cheap enough for
 * thousands of calls.
 */
export type AggregateMetric<Doc, Value> = MetricReading<Doc> &
  Direction & {
    readonly kind: 'aggregate';
    compute(values: readonly Value[]): number | null;
  };

export type Metric<Doc = unknown> = MeanMetric<Doc> | RatioMetric<Doc> | AggregateMetric<Doc, unknown>;

/** What `score` gives for each metric. Null: it does not apply to this item. */
export type MetricValues<Metrics> = {
  readonly [Name in keyof Metrics]: Metrics[Name] extends { readonly kind: 'mean' }
    ? number | null
    : Metrics[Name] extends { readonly kind: 'ratio' }
      ? Ratio | null
      : Metrics[Name] extends { compute(values: readonly (infer Value)[]): number | null }
        ? Value | null
        : never;
};

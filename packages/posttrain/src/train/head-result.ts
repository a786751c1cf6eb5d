import type { Tensor } from '../tensor/index.ts';
import type { Metrics } from './objective.ts';

/** What a pass through the head found: the objective's sum, unscaled, in nats, and its metrics. */
export interface HeadResult {
  readonly sum: number;
  readonly metrics: Metrics;
  /** Values of which the largest is recorded. */
  readonly peaks?: Metrics;
}

/** The metrics of chunks, one after the other. */
export class JoinedMetrics {
  readonly #values: Record<string, number[]> = {};

  add(metrics: Metrics): void {
    for (const [name, values] of Object.entries(metrics))
      this.#values[name] = [...(this.#values[name] ?? []), ...values];
  }

  get all(): Metrics {
    return this.#values;
  }
}

/** The same values as the start of a graph of its own. */
export function leafOf(values: Tensor): Tensor {
  const leaf = values.detach();
  leaf.requiresGrad = true;
  return leaf;
}

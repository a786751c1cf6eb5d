import type { HeadResult } from './head-result.ts';

/** Adds up what the micro-batches of a step, or of an evaluation, found. */
export class StepTotals {
  /** What the sum is divided by. */
  readonly weight: number;
  #sum = 0;
  readonly #metrics = new Map<string, { sum: number; count: number }>();

  constructor(weight: number) {
    this.weight = weight;
  }

  readonly #peaks = new Map<string, number>();

  add({ sum, metrics, peaks = {} }: HeadResult): void {
    this.#sum += sum;
    for (const [name, values] of Object.entries(metrics)) {
      const total = this.#metrics.get(name) ?? { sum: 0, count: 0 };
      for (const value of values) total.sum += value;
      total.count += values.length;
      this.#metrics.set(name, total);
    }
    for (const [name, values] of Object.entries(peaks))
      for (const value of values) this.#peaks.set(name, Math.max(value, this.#peaks.get(name) ?? value));
  }

  get loss(): number {
    return this.#sum / this.weight;
  }

  /** The loss, the mean of each metric that had a value, and peaks. */
  means(): { loss: number; metrics?: Readonly<Record<string, number>> } {
    const means = [...this.#metrics].flatMap(([name, { sum, count }]) => (count > 0 ? [[name, sum / count]] : []));
    const metrics = [...means, ...this.#peaks];
    return { loss: this.loss, ...(metrics.length > 0 ? { metrics: Object.fromEntries(metrics) } : {}) };
  }
}

import { Random } from '../support/random.ts';

/**
 * The order in which a source gives its rows, pass after pass: a new shuffle for each epoch, named by seed, source and
 * epoch, so that any position can be asked for without those before it.
 */
export class SourceOrder {
  readonly #length: number;
  readonly #seed: number;
  readonly #source: number;
  readonly #shuffle: boolean;
  #epoch = -1;
  #order: readonly number[] = [];

  constructor(length: number, options: { seed: number; source: number; shuffle: boolean }) {
    this.#length = length;
    this.#seed = options.seed;
    this.#source = options.source;
    this.#shuffle = options.shuffle;
  }

  /** The index of the row that this source gives at its `position`-th turn, counted from 0 over all epochs. */
  rowAt(position: number): number {
    const epoch = Math.floor(position / this.#length);
    if (!this.#shuffle) return position % this.#length;
    if (epoch !== this.#epoch) {
      const indices = Array.from({ length: this.#length }, (_, i) => i);
      this.#order = Random.of(this.#seed, 'order', this.#source, epoch).shuffle(indices);
      this.#epoch = epoch;
    }
    return this.#order[position % this.#length]!;
  }
}

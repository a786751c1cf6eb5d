import { PosttrainError } from '../support/errors.ts';

/** One draw: which source, and how many times it was drawn before. */
export interface Draw {
  readonly source: number;
  readonly turn: number;
}

/** Rounding of `draws · share` must not decide: differences below this count as none. */
const EPSILON = 1e-9;

/**
 * Mixes sources by weight without chance: after n draws, each source has been drawn within 1 of n · share.
 *
 * Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980): with k sources of shares λ, the n-th draw goes,
 * among the sources i with σᵢ = λᵢ·n − (draws of i so far) ≥ 1/(2k−2), to the one whose deadline comes first, that is with the
 * least (1 − 1/(2k−2) − σᵢ)/λᵢ. The deviation then never exceeds 1 − 1/(2k−2).
 */
export class Mixture {
  readonly #shares: readonly number[];
  #counts: number[] = [];
  #next = 0;

  /** @throws recipe-invalid for a weight that is not a positive number */
  constructor(weights: readonly number[]) {
    const bad = weights.find((weight) => !(Number.isFinite(weight) && weight > 0));
    if (bad !== undefined || weights.length === 0) {
      throw new PosttrainError('recipe-invalid', `a source of data has the weight ${bad}`, {
        help: 'weights are positive numbers; only their ratios count. Leave out a source that is not to be drawn.',
        place: { key: 'data.train' },
      });
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#shares = weights.map((weight) => weight / total);
    this.#restart();
  }

  /** The draws `[start, end)`. Going on from the last call costs nothing extra; going back starts over. */
  draws(start: number, end: number): Draw[] {
    if (start < this.#next) this.#restart();
    while (this.#next < start) this.#draw();
    return Array.from({ length: end - start }, () => this.#draw());
  }

  /** Each source's part of the draws; they sum to 1. */
  get shares(): readonly number[] {
    return this.#shares;
  }

  #draw(): Draw {
    this.#next++;
    const source = this.#shares.length === 1 ? 0 : this.#choose();
    const turn = this.#counts[source]!++;
    return { source, turn };
  }

  #choose(): number {
    const slack = 1 / (2 * this.#shares.length - 2);
    let chosen = -1;
    let earliest = Number.POSITIVE_INFINITY;
    for (const [i, share] of this.#shares.entries()) {
      const sigma = share * this.#next - this.#counts[i]!;
      if (sigma < slack - EPSILON) continue;
      const deadline = (1 - slack - sigma) / share;
      if (deadline < earliest - EPSILON) {
        chosen = i;
        earliest = deadline;
      }
    }
    return chosen;
  }

  #restart(): void {
    this.#next = 0;
    this.#counts = this.#shares.map(() => 0);
  }
}

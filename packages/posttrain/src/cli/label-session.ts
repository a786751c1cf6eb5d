import type { PairToLabel } from '../data/index.ts';
import { hashSeed, Random } from '../support/random.ts';
import type { Choice, LabelFile } from './label-file.ts';

/**
 * What one person has to choose on, in an order and with sides of their own: drawn from the seed, the name and the pair, so that neither
 * place nor order says which answer came first in the file, and a session that goes on shows the same.
 */
export class LabelSession {
  readonly #file: LabelFile;
  readonly #byId: ReadonlyMap<string, PairToLabel>;
  /** Pairs yet to choose on, the next first. */
  #waiting: PairToLabel[];
  readonly total: number;

  constructor(
    pairs: readonly PairToLabel[],
    file: LabelFile,
    options: { readonly annotator: string; readonly seed: number },
  ) {
    const shown = pairs.map((pair) => withSides(pair, options));
    const done = new Set(file.labelled);
    this.#file = file;
    this.#byId = new Map(shown.map((pair) => [pair.id, pair]));
    this.#waiting = Random.of(options.seed, 'label', 'order', options.annotator)
      .shuffle(shown)
      .filter(({ id }) => !done.has(id));
    this.total = shown.length;
  }

  /** How many of the pairs are chosen on. */
  get done(): number {
    return this.total - this.#waiting.length;
  }

  /** The pair to choose on; undefined when all are done. */
  get current(): PairToLabel | undefined {
    return this.#waiting[0];
  }

  choose(choice: Choice): void {
    const [pair, ...rest] = this.#waiting;
    if (pair === undefined) return;
    this.#file.add(pair, choice);
    this.#waiting = rest;
  }

  /** Puts the pair behind all others. */
  skip(): void {
    const [pair, ...rest] = this.#waiting;
    if (pair !== undefined) this.#waiting = [...rest, pair];
  }

  /** Takes the last choice back and shows its pair again; false where there is none. */
  undo(): boolean {
    const id = this.#file.undo();
    const pair = id === undefined ? undefined : this.#byId.get(id);
    if (pair) this.#waiting = [pair, ...this.#waiting];
    return id !== undefined;
  }
}

function withSides(
  pair: PairToLabel,
  { annotator, seed }: { readonly annotator: string; readonly seed: number },
): PairToLabel {
  const [a, b] = pair.answers;
  return hashSeed(seed, 'label', 'sides', annotator, pair.id) % 2 === 0 ? pair : { ...pair, answers: [b, a] };
}

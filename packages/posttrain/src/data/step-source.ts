import { PosttrainError } from '../support/errors.ts';
import { Mixture } from './mixture.ts';
import { SourceOrder } from './order.ts';
import { packRows } from './packing.ts';
import type { Pack, StepSource, TokenRow } from './types.ts';

/** Rows, or whole packs, to draw from. The first source is the main one: its length sets how long an epoch is. */
export interface Weighted<Item> {
  readonly rows: readonly Item[];
  /** Part of the drawn rows, relative to the other sources'; by default the number of rows, so that all are seen equally. */
  readonly weight?: number | undefined;
}
export type WeightedRows = Weighted<TokenRow>;

interface DrawOptions<Item> {
  readonly sources: readonly Weighted<Item>[];
  readonly seed: number;
  readonly shuffle: boolean;
}

export interface StepSourceOptions extends DrawOptions<TokenRow> {
  /** Packs in one optimizer step; without packing, rows. */
  readonly batch: number;
  readonly packing: boolean;
  /** The longest pack, in tokens. */
  readonly maxTokens: number;
}

/**
 * Batches as a pure function of the step: the same options give the same packs, in whatever order steps are asked for.
 *
 * Rows are drawn without end, each source cycling through its own order. An epoch is as many draws as the main source needs
 * for one pass; batches run on over its border, so every row of a single source comes once per epoch. With packing, the rows
 * of an epoch are packed together, and the packs of one epoch follow those of the one before.
 * @throws data-empty where a source has no rows
 */
export function createStepSource(options: StepSourceOptions): StepSource {
  const draws = new Draws(options);
  if (!options.packing)
    return inSteps(draws.perEpoch, options.batch, (start, end) => draws.range(start, end).map((row) => [row]));
  const packs = new EpochPacks(draws, options.maxTokens);
  return inSteps(packs.count(0), options.batch, (start, end) => packs.range(start, end));
}

/** The same from packs that are made already and stay whole, such as pairs. @throws data-empty where a source has none */
export function createPackSource(options: DrawOptions<Pack> & { readonly batch: number }): StepSource {
  const draws = new Draws(options);
  return inSteps(draws.perEpoch, options.batch, (start, end) => draws.range(start, end));
}

function inSteps(perEpoch: number, batch: number, range: (start: number, end: number) => Pack[]): StepSource {
  return {
    stepsPerEpoch: Math.ceil(perEpoch / batch),
    packs: (step) => range(step * batch, (step + 1) * batch),
  };
}

/** The endless sequence of what is drawn. */
class Draws<Item> {
  readonly perEpoch: number;
  readonly #sources: readonly Weighted<Item>[];
  readonly #mixture: Mixture;
  readonly #orders: readonly SourceOrder[];

  constructor({ sources, seed, shuffle }: DrawOptions<Item>) {
    for (const [index, { rows }] of sources.entries()) {
      if (rows.length > 0) continue;
      throw new PosttrainError('data-empty', `source ${index + 1} of ${sources.length} has no rows to train on`, {
        place: { key: 'data.train' },
      });
    }
    this.#sources = sources;
    this.#mixture = new Mixture(sources.map(({ rows, weight }) => weight ?? rows.length));
    this.#orders = sources.map(({ rows }, source) => new SourceOrder(rows.length, { seed, source, shuffle }));
    this.perEpoch = Math.max(1, Math.round(sources[0]!.rows.length / this.#mixture.shares[0]!));
  }

  range(start: number, end: number): Item[] {
    return this.#mixture.draws(start, end).map(({ source, turn }) => {
      return this.#sources[source]!.rows[this.#orders[source]!.rowAt(turn)]!;
    });
  }
}

/** The endless sequence of packs, an epoch's rows packed together; the latest epochs' packs are kept. */
class EpochPacks {
  readonly #draws: Draws<TokenRow>;
  readonly #maxTokens: number;
  readonly #counts: number[] = [];
  readonly #kept = new Map<number, readonly Pack[]>();

  constructor(draws: Draws<TokenRow>, maxTokens: number) {
    this.#draws = draws;
    this.#maxTokens = maxTokens;
  }

  count(epoch: number): number {
    this.#counts[epoch] ??= this.#packs(epoch).length;
    return this.#counts[epoch];
  }

  range(start: number, end: number): Pack[] {
    const out: Pack[] = [];
    let epoch = 0;
    let first = 0;
    while (first + this.count(epoch) <= start) first += this.count(epoch++);
    for (let index = start; index < end; index++) {
      while (index >= first + this.count(epoch)) first += this.count(epoch++);
      out.push(this.#packs(epoch)[index - first]!);
    }
    return out;
  }

  #packs(epoch: number): readonly Pack[] {
    const known = this.#kept.get(epoch);
    if (known) return known;
    const { perEpoch } = this.#draws;
    const packs = packRows(this.#draws.range(epoch * perEpoch, (epoch + 1) * perEpoch), this.#maxTokens);
    // A step can cross the border of an epoch, so two are in use at a time.
    for (const old of [...this.#kept.keys()].slice(0, -1)) this.#kept.delete(old);
    this.#kept.set(epoch, packs);
    return packs;
  }
}

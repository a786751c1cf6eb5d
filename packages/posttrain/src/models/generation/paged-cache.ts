import { addon } from '../../native/binding.ts';
import { type DType, empty, noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import type { ModelDimensions } from '../causal-lm.ts';

/** Positions of a block, as in native/kernels/cached-attention.h. */
export const blockTokens = 16;
/** Tokens for which a row gets room at once; when all rows together need more, the cache doubles. */
const tokensAhead = 256;

/**
 * Keys and values of growing sequences, in blocks of 16 positions that may lie anywhere. Rows of unequal length take
 * what they need and give it back when they leave; rows with the same beginning share its blocks.
 */
export class PagedCache implements Disposable {
  /** Per layer, [blocks, K · Dh · 16] and [blocks, K · Dh' · 16], where Dh' is Dh rounded up to 16. */
  readonly keys: Tensor[];
  readonly values: Tensor[];
  /** Tokens that each row holds. */
  lengths: Int32Array;
  /** The blocks of each row, in order: [rows, blocksEach]. */
  table: Int32Array;
  readonly #blocksEach: number;
  readonly #free: number[] = [];
  /** How many rows read each block. */
  #readers: Uint16Array;

  /** @param lengths tokens of each row's prompt; @param most the longest that a row may become; @param rows of the whole batch. */
  constructor(dimensions: ModelDimensions, dtype: DType, lengths: readonly number[], most: number, rows: number) {
    const { layers, kvHeads, headWidth } = dimensions;
    this.#blocksEach = Math.ceil(most / blockTokens);
    this.lengths = new Int32Array(lengths.length);
    this.table = new Int32Array(lengths.length * this.#blocksEach);
    const prompts = lengths.reduce((sum, length) => sum + Math.ceil(length / blockTokens), 0);
    const ahead = Math.ceil(Math.min(most - Math.min(...lengths), tokensAhead) / blockTokens) + 1;
    const capacity = prompts + rows * ahead;
    const make = (width: number) =>
      Array.from({ length: layers }, () => inLargePages(empty([capacity, kvHeads * width * blockTokens], { dtype })));
    this.keys = make(headWidth);
    this.values = make(Math.ceil(headWidth / 16) * 16);
    this.#readers = new Uint16Array(capacity);
    for (let block = capacity; block-- > 0; ) this.#free.push(block);
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Room for the next `count` tokens of a row; `lengths` counts them once they are there. */
  extend(row: number, count: number): void {
    const length = this.lengths[row]!;
    for (let i = Math.ceil(length / blockTokens); i * blockTokens < length + count; i++)
      this.table[row * this.#blocksEach + i] = this.#take();
  }

  /** Row r becomes what row `from[r]` is; whole blocks are shared, one that is still being filled is copied. */
  fork(from: readonly number[]): void {
    const [before, lengths] = [this.table, this.lengths];
    const each = this.#blocksEach;
    this.lengths = Int32Array.from(from, (row) => lengths[row]!);
    this.table = new Int32Array(from.length * each);
    const taken = new Set<number>();
    const copies: [from: number, to: number][] = [];
    for (const [row, source] of from.entries()) {
      const blocks = before.subarray(source * each, source * each + Math.ceil(lengths[source]! / blockTokens));
      this.table.set(blocks, row * each);
      if (!taken.has(source)) taken.add(source);
      else {
        for (const block of blocks) this.#readers[block]!++;
        if (lengths[source]! % blockTokens === 0) continue;
        const last = blocks.at(-1)!;
        this.#readers[last]!--;
        const own = this.#take();
        this.table[row * each + blocks.length - 1] = own;
        copies.push([last, own]);
      }
    }
    if (copies.length > 0) this.#copy(copies);
  }

  /** Goes on with these rows alone; the others' blocks become free. */
  keepRows(rows: readonly number[]): void {
    const each = this.#blocksEach;
    const kept = new Set(rows);
    for (let row = 0; row < this.rows; row++) {
      if (kept.has(row)) continue;
      const used = Math.ceil(this.lengths[row]! / blockTokens);
      for (const block of this.table.subarray(row * each, row * each + used))
        if (--this.#readers[block]! === 0) this.#free.push(block);
    }
    for (const [to, row] of rows.entries()) {
      this.table.copyWithin(to * each, row * each, (row + 1) * each);
      this.lengths[to] = this.lengths[row]!;
    }
    this.table = this.table.subarray(0, rows.length * each);
    this.lengths = this.lengths.subarray(0, rows.length);
  }

  /** The table's rows [begin, end). */
  blocksOf(begin: number, end: number): Int32Array {
    return this.table.subarray(begin * this.#blocksEach, end * this.#blocksEach);
  }

  #take(): number {
    if (this.#free.length === 0) this.#grow();
    const block = this.#free.pop()!;
    this.#readers[block] = 1;
    return block;
  }

  #grow(): void {
    const before = this.#readers.length;
    noGrad(() => {
      for (const tensors of [this.keys, this.values])
        for (const [layer, old] of tensors.entries()) {
          const larger = inLargePages(empty([2 * before, old.shape[1]!], { dtype: old.dtype }));
          scope(() => {
            larger.narrow(0, 0, before).copy_(old);
          });
          old.dispose();
          tensors[layer] = larger;
        }
    });
    const readers = new Uint16Array(2 * before);
    readers.set(this.#readers);
    this.#readers = readers;
    for (let block = 2 * before; block-- > before; ) this.#free.push(block);
  }

  #copy(copies: readonly (readonly [from: number, to: number])[]): void {
    scope(() =>
      noGrad(() => {
        const [from, to] = [0, 1].map((side) =>
          tensor(
            copies.map((copy) => copy[side]!),
            { dtype: 'int64' },
          ),
        );
        for (const blocks of [...this.keys, ...this.values]) blocks.indexCopy_(0, to!, blocks.indexSelect(0, from!));
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const part of [...this.keys, ...this.values]) part.dispose();
  }
}

function inLargePages(made: Tensor): Tensor {
  addon().useLargePages(made.keep().alive());
  return made;
}

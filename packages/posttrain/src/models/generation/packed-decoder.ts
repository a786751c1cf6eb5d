import { addon } from '../../native/binding.ts';
import { rotaryTable } from '../../nn/rotary.ts';
import { arange, empty, noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import type { ModelDimensions } from '../causal-lm.ts';
import type { Decoder } from './decoder.ts';
import type { PackedLinear, PackedWeights } from './packed-weights.ts';
import { PagedCache } from './paged-cache.ts';

/** Tokens of prompts that run together: enough that reading the weights costs little beside multiplying. */
const tokensTogether = 512;

/** Tokens of rows [first, last] that run together, where each row's tokens begin among them, and who ends here. */
interface Piece {
  readonly tokens: Int32Array;
  readonly starts: Int32Array;
  readonly first: number;
  readonly last: number;
  /** Places, among the tokens, of those that end their prompt. */
  readonly ends: Int32Array;
}

/**
 * Decodes by fused kernels on packed weights and buffers that live as long as the batch: a step makes five calls a block
 * and no tensor. What a block computes is its family's forward pass; results of a row do not depend on the rows beside it.
 */
export class PackedDecoder implements Decoder {
  readonly #dimensions: ModelDimensions;
  readonly #weights: PackedWeights;
  readonly #most: number;
  #cache: PagedCache | null = null;
  #buffers: Buffers | null = null;
  /** One token of every row. */
  #starts = new Int32Array();

  /** @param most the longest that a sequence may become, in tokens. */
  constructor(dimensions: ModelDimensions, weights: PackedWeights, most: number) {
    this.#dimensions = dimensions;
    this.#weights = weights;
    this.#most = most;
  }

  get logits(): Tensor {
    return this.#buffers!.logits;
  }

  *begin(prompts: readonly (readonly number[])[], promptOf: readonly number[]): Iterable<void> {
    const { dtype } = this.#weights.parts.head;
    const rows = promptOf.length;
    const lengths = prompts.map((prompt) => prompt.length);
    const cache = new PagedCache(this.#dimensions, dtype, lengths, this.#most, rows);
    this.#cache = cache;
    const total = lengths.reduce((sum, length) => sum + length, 0);
    this.#buffers = new Buffers(this.#weights, this.#dimensions, this.#most, rows, Math.min(total, tokensTogether));
    this.#starts = Int32Array.from({ length: rows + 1 }, (_, row) => row);
    let done = 0;
    for (const piece of piecesOf(lengths, prompts)) {
      if (piece.first + piece.last > 0) yield;
      for (let row = piece.first; row <= piece.last; row++) cache.extend(row, countOf(piece, row));
      this.#run(piece.tokens, piece.starts, cache.lengths.subarray(piece.first, piece.last + 1), piece);
      for (let row = piece.first; row <= piece.last; row++) cache.lengths[row]! += countOf(piece, row);
      if (piece.ends.length === 0) continue;
      addon().takeRows(this.#buffers.x.alive(), piece.ends);
      this.#project(piece.ends.length, done);
      done += piece.ends.length;
    }
    if (promptOf.length === prompts.length && promptOf.every((prompt, row) => prompt === row)) return;
    cache.fork(promptOf);
    this.#buffers.pickLogits(promptOf);
  }

  step(tokens: readonly number[]): void {
    const cache = this.#cache!;
    for (let row = 0; row < cache.rows; row++) cache.extend(row, 1);
    const all = { first: 0, last: cache.rows - 1 };
    this.#run(Int32Array.from(tokens), this.#starts.subarray(0, cache.rows + 1), cache.lengths, all);
    for (let row = 0; row < cache.rows; row++) cache.lengths[row]!++;
    this.#project(cache.rows, 0);
  }

  keepRows(rows: readonly number[]): void {
    this.#cache!.keepRows(rows);
  }

  /** Embedding and blocks: `buffers.x` becomes the residual stream after the last block. */
  #run(
    tokens: Int32Array,
    starts: Int32Array,
    lengths: Int32Array,
    { first, last }: Pick<Piece, 'first' | 'last'>,
  ): void {
    const { heads, kvHeads } = this.#dimensions;
    const { x, normed, projected, attended, gated, cos, sin } = this.#buffers!.handles;
    const { keys, values } = this.#cache!;
    const blocks = this.#cache!.blocksOf(first, last + 1);
    const native = addon();
    const rows = tokens.length;
    const add = (from: number, { handle, outputs, biasHandle }: PackedLinear) =>
      native.addLinear(from, rows, handle, outputs, biasHandle, x);
    native.embedRows(this.#weights.parts.embedding.alive(), tokens, x);
    for (const [
      layer,
      { attentionNorm, projection, output, mlpNorm, gateUp, down },
    ] of this.#weights.blocks.entries()) {
      const [key, value] = [keys[layer]!.alive(), values[layer]!.alive()];
      normLinear(x, rows, attentionNorm, normed, projection, projected, false);
      native.cachedAttention(projected, heads, kvHeads, starts, lengths, blocks, cos, sin, key, value, attended);
      add(attended, output);
      normLinear(x, rows, mlpNorm, normed, gateUp, gated, true);
      add(gated, down);
    }
  }

  /** Logits of the first `count` states, stored from row `at` on. */
  #project(count: number, at: number): void {
    const { x, normed } = this.#buffers!.handles;
    const { parts, head } = this.#weights;
    using logits = at === 0 ? null : this.#buffers!.logits.narrow(0, at, count);
    normLinear(x, count, parts.norm, normed, head, (logits ?? this.#buffers!.logits).alive(), false);
  }

  [Symbol.dispose](): void {
    this.#cache?.[Symbol.dispose]();
    this.#buffers?.[Symbol.dispose]();
  }
}

function normLinear(
  x: number,
  rows: number,
  norm: { readonly weight: Tensor; readonly epsilon: number },
  normed: number,
  linear: PackedLinear,
  y: number,
  gated: boolean,
): void {
  const { handle, outputs, biasHandle } = linear;
  addon().normLinear(x, rows, norm.weight.alive(), norm.epsilon, normed, handle, outputs, biasHandle, y, gated);
}

const countOf = ({ starts, first }: Piece, row: number) => starts[row - first + 1]! - starts[row - first]!;

/** Cuts the prompts, one after the other, into pieces of `tokensTogether`; a long prompt may span several. */
function* piecesOf(lengths: readonly number[], prompts: readonly (readonly number[])[]): Generator<Piece> {
  let row = 0;
  let from = 0;
  while (row < lengths.length) {
    const first = row;
    const tokens: number[] = [];
    const starts = [0];
    const ends: number[] = [];
    while (row < lengths.length && tokens.length < tokensTogether) {
      const part = prompts[row]!.slice(from, from + tokensTogether - tokens.length);
      tokens.push(...part);
      starts.push(tokens.length);
      from += part.length;
      if (from < lengths[row]!) break;
      ends.push(tokens.length - 1);
      row++;
      from = 0;
    }
    yield {
      tokens: Int32Array.from(tokens),
      starts: Int32Array.from(starts),
      first,
      last: first + starts.length - 2,
      ends: Int32Array.from(ends),
    };
  }
}

/** What a step writes, and the rotary angles of all positions. */
class Buffers implements Disposable {
  readonly x: Tensor; //         float32 [N, D], the residual stream
  readonly handles: Record<'x' | 'normed' | 'projected' | 'attended' | 'gated' | 'cos' | 'sin', number>;
  #logits: Tensor; //            float32 [rows, V]
  readonly #all: Tensor[];

  constructor(weights: PackedWeights, dimensions: ModelDimensions, positions: number, rows: number, tokens: number) {
    const { width, heads, kvHeads, headWidth, vocabulary } = dimensions;
    const { dtype } = weights.parts.head;
    const count = Math.max(rows, tokens);
    const inner = weights.parts.blocks[0]!.down.weight.shape[1]!;
    const make = (columns: number, type = dtype) => empty([count, columns], { dtype: type }).keep();
    const made = scope(() => rotaryTable(arange(0, positions, { dtype: 'int64' }), weights.parts.frequencies));
    const tensors = {
      x: make(width, 'float32'),
      normed: make(width),
      projected: make((heads + 2 * kvHeads) * headWidth),
      attended: make(heads * headWidth),
      gated: make(inner),
      cos: made.cos.keep(),
      sin: made.sin.keep(),
    };
    this.x = tensors.x;
    this.#all = Object.values(tensors);
    const { x, normed, projected, attended, gated, cos, sin } = tensors;
    const handles = { x, normed, projected, attended, gated, cos, sin };
    this.handles = Object.fromEntries(
      Object.entries(handles).map(([name, t]) => [name, t.alive()]),
    ) as typeof this.handles;
    this.#logits = empty([rows, vocabulary]).keep();
  }

  get logits(): Tensor {
    return this.#logits;
  }

  pickLogits(rows: readonly number[]): void {
    const picked = scope(() => noGrad(() => this.#logits.indexSelect(0, tensor(rows, { dtype: 'int64' })))).keep();
    this.#logits.dispose();
    this.#logits = picked;
  }

  [Symbol.dispose](): void {
    for (const part of [...this.#all, this.#logits]) part.dispose();
  }
}

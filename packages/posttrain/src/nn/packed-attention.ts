import { cat, scope, type Tensor, tensor } from '../tensor/index.ts';
import { type AttentionContext, causalAttention } from './attention.ts';
import { attendPart, fusedAttendPart, type PartialAttention } from './partial-attention.ts';

/** Sequences of alike length, attended to together. */
interface Group {
  readonly rows: number;
  readonly length: number;
  /** Where each cell of [rows, length] is read from among the N tokens; null where the tokens stand so already. */
  readonly gather: Tensor | null; // int64 [rows · length]
}

/**
 * Many sequences in one row of tokens, each seeing only its own past.
 *
 * Sequences whose lengths round up to the same power of two are attended to as one batch. A shorter one is filled
 * with repeats of its last token: under a causal mask nothing real sees them, and their results are dropped.
 */
export class PackedAttention implements AttentionContext, Disposable {
  readonly positions: Tensor;
  readonly documents: Tensor;
  readonly lengths: readonly number[];
  readonly #groups: readonly Group[];
  /** For each of the N tokens its row in the groups' results, one after the other; null where the order is right already. */
  readonly #restore: Tensor | null;

  constructor(lengths: readonly number[], device = 'cpu') {
    this.lengths = lengths;
    const starts = startsOf(lengths);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const positions = new Float64Array(total);
    for (const [i, length] of lengths.entries()) for (let t = 0; t < length; t++) positions[starts[i]! + t] = t;
    const made = scope(() => {
      const plan = lengths.every((length) => length === lengths[0])
        ? { groups: [{ rows: lengths.length, length: lengths[0]!, gather: null }], restore: null }
        : planGroups(lengths, starts, total, device);
      const documents = tensor([...starts, total], { dtype: 'int64' });
      return { positions: tensor(positions, { dtype: 'int64', device }), documents, ...plan };
    });
    this.positions = made.positions.keep();
    this.documents = made.documents.keep();
    this.#groups = made.groups;
    this.#restore = made.restore?.keep() ?? null;
    for (const { gather } of made.groups) gather?.keep();
  }

  attend(_layer: number, query: Tensor, key: Tensor, value: Tensor, { dropout = 0 } = {}): Tensor {
    const results = this.#groups.map((group) => {
      const pick = (x: Tensor) => rowsOf(group, x);
      return causalAttention(pick(query), pick(key), pick(value), dropout);
    });
    return this.#inLine(results);
  }

  /** As `attend`, heads apart and with each softmax's total, to be joined with attention to other keys: out [N, H, Dh], logTotal [N, H]. */
  attendPart(query: Tensor, key: Tensor, value: Tensor): PartialAttention {
    const fused = fusedAttendPart(query, key, value, this.documents);
    if (fused) return fused;
    const [, heads, width] = query.shape as [number, number, number];
    const parts = this.#groups.map((group) => {
      const pick = (x: Tensor) => rowsOf(group, x);
      const { out, logTotal } = attendPart(pick(query), pick(key), pick(value), true);
      return { out: out.reshape([-1, heads, width]), logTotal: logTotal.reshape([-1, heads]) };
    });
    return {
      out: this.#inLine(parts.map(({ out }) => out)),
      logTotal: this.#inLine(parts.map(({ logTotal }) => logTotal)),
    };
  }

  /** The groups' results, row by row, in the order of the tokens. */
  #inLine(results: readonly Tensor[]): Tensor {
    if (!this.#restore) return results[0]!;
    return (results.length === 1 ? results[0]! : cat(results)).indexSelect(0, this.#restore);
  }

  [Symbol.dispose](): void {
    this.positions.dispose();
    this.documents.dispose();
    this.#restore?.dispose();
    for (const { gather } of this.#groups) gather?.dispose();
  }
}

/** [N, heads, Dh] → [rows, length, heads, Dh] */
function rowsOf({ rows, length, gather }: Group, x: Tensor): Tensor {
  const [, heads, width] = x.shape as [number, number, number];
  return (gather ? x.indexSelect(0, gather) : x).view([rows, length, heads, width]);
}

/** Where each of the sequences begins in the line. */
export function startsOf(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return end - length;
  });
}

function planGroups(
  lengths: readonly number[],
  starts: readonly number[],
  total: number,
  device: string,
): { groups: Group[]; restore: Tensor } {
  const bySize = new Map<number, number[]>();
  for (const [i, length] of lengths.entries()) {
    const size = 2 ** Math.ceil(Math.log2(length));
    bySize.set(size, [...(bySize.get(size) ?? []), i]);
  }
  const restore = new Float64Array(total);
  let made = 0;
  const groups = [...bySize.values()].map((members): Group => {
    const longest = Math.max(...members.map((i) => lengths[i]!));
    const gather = new Float64Array(members.length * longest);
    for (const [row, i] of members.entries()) {
      for (let t = 0; t < longest; t++) gather[row * longest + t] = starts[i]! + Math.min(t, lengths[i]! - 1);
      for (let t = 0; t < lengths[i]!; t++) restore[starts[i]! + t] = made + row * longest + t;
    }
    made += gather.length;
    return { rows: members.length, length: longest, gather: tensor(gather, { dtype: 'int64', device }) };
  });
  return { groups, restore: tensor(restore, { dtype: 'int64', device }) };
}

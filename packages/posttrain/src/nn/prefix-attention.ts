import { cat, scaledDotProductAttention, scope, type Tensor, tensor } from '../tensor/index.ts';
import { type AttentionContext, repeatHeads } from './attention.ts';
import { PackedAttention } from './packed-attention.ts';

/** A continuation of one of the prefixes. */
export interface Branch {
  /** Index of the prefix it continues. */
  readonly prefix: number;
  /** Its own tokens. */
  readonly length: number;
}

/**
 * Prefixes that several continuations share: each prefix is computed once, then all its branches look back at its keys
 * and values. Run `prefixes` through the model first, `branches` after it.
 */
export class PrefixAttention implements Disposable {
  readonly #packed: PackedAttention;
  readonly #lengths: readonly number[];
  readonly #device: string;
  readonly #layers: { key: Tensor; value: Tensor }[] = []; // [N, K, Dh] of all prefixes

  constructor(prefixLengths: readonly number[], device = 'cpu') {
    this.#packed = new PackedAttention(prefixLengths, device);
    this.#lengths = prefixLengths;
    this.#device = device;
  }

  /** For the tokens of all prefixes in one line; their keys and values are kept. */
  get prefixes(): AttentionContext {
    return {
      positions: this.#packed.positions,
      attend: (layer, query, key, value) => {
        this.#layers[layer] = { key: key.clone().keep(), value: value.clone().keep() };
        return this.#packed.attend(layer, query, key, value);
      },
    };
  }

  /** For the tokens of all branches in one line: each sees its prefix and its own past. */
  branches(branches: readonly Branch[]): AttentionContext & Disposable {
    const plan = planBranches(branches, this.#lengths, this.#device);
    return {
      positions: plan.positions,
      attend: (layer, query, key, value) => attendBranches(plan, this.#layers[layer]!, query, key, value),
      [Symbol.dispose]: () => {
        for (const part of [plan.positions, plan.prefix, plan.own, plan.visible, plan.restore]) part.dispose();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#packed[Symbol.dispose]();
    for (const { key, value } of this.#layers) {
      key.dispose();
      value.dispose();
    }
  }
}

interface BranchPlan {
  readonly rows: number;
  readonly prefixColumns: number;
  readonly ownColumns: number;
  readonly positions: Tensor; // int64 [M]
  /** Where the cells of [rows, prefixColumns] are read from among the prefixes' tokens. */
  readonly prefix: Tensor; //    int64
  /** Where the cells of [rows, ownColumns] are read from among the branches' tokens. */
  readonly own: Tensor; //       int64
  readonly visible: Tensor; //   bool [rows, 1, ownColumns, prefixColumns + ownColumns]
  /** Cell of each of the M tokens. */
  readonly restore: Tensor; //   int64 [M]
}

function planBranches(branches: readonly Branch[], lengths: readonly number[], device: string): BranchPlan {
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
  const prefixColumns = Math.max(...branches.map(({ prefix }) => lengths[prefix]!));
  const ownColumns = Math.max(...branches.map(({ length }) => length));
  const positions: number[] = [];
  const restore: number[] = [];
  const prefix: number[] = [];
  const own: number[] = [];
  const visible: number[] = [];
  let first = 0;
  for (const [row, branch] of branches.entries()) {
    const before = lengths[branch.prefix]!;
    // Cells beyond a prefix or a branch repeat its last token; nobody may see them.
    for (let c = 0; c < prefixColumns; c++) prefix.push(starts[branch.prefix]! + Math.min(c, before - 1));
    for (let c = 0; c < ownColumns; c++) own.push(first + Math.min(c, branch.length - 1));
    for (let t = 0; t < ownColumns; t++) {
      for (let c = 0; c < prefixColumns; c++) visible.push(Number(c < before));
      for (let c = 0; c < ownColumns; c++) visible.push(Number(c <= t));
    }
    for (let t = 0; t < branch.length; t++) {
      positions.push(before + t);
      restore.push(row * ownColumns + t);
    }
    first += branch.length;
  }
  const whole = (values: readonly number[]) => tensor(values, { dtype: 'int64', device });
  const shape = [branches.length, 1, ownColumns, prefixColumns + ownColumns];
  const made = scope(() => ({
    positions: whole(positions),
    prefix: whole(prefix),
    own: whole(own),
    visible: tensor(visible, { shape, dtype: 'bool', device }),
    restore: whole(restore),
  }));
  for (const part of Object.values(made)) part.keep();
  return { rows: branches.length, prefixColumns, ownColumns, ...made };
}

/** [M, H, Dh] against the kept prefixes and the branches' own past → [M, H·Dh]. */
function attendBranches(
  plan: BranchPlan,
  prefix: { key: Tensor; value: Tensor },
  query: Tensor,
  key: Tensor,
  value: Tensor,
): Tensor {
  const [, heads, width] = query.shape as [number, number, number];
  const grid = (x: Tensor, index: Tensor, columns: number) => {
    const picked = x.indexSelect(0, index);
    return picked.view([plan.rows, columns, picked.shape[1]!, width]).transpose(1, 2); // [rows, heads, columns, Dh]
  };
  const both = (kept: Tensor, fresh: Tensor) =>
    repeatHeads(cat([grid(kept, plan.prefix, plan.prefixColumns), grid(fresh, plan.own, plan.ownColumns)], 2), heads);
  const out = scaledDotProductAttention(
    grid(query, plan.own, plan.ownColumns),
    both(prefix.key, key),
    both(prefix.value, value),
    plan.visible,
  );
  return out
    .transpose(1, 2)
    .reshape([plan.rows * plan.ownColumns, heads * width])
    .indexSelect(0, plan.restore);
}

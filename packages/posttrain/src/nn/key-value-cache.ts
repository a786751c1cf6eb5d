import { noGrad, scaledDotProductAttention, scope, type Tensor, tensor, zeros } from '../tensor/index.ts';
import type { AttentionContext } from './attention.ts';
import { PackedAttention } from './packed-attention.ts';

/**
 * Keys and values of every block for a batch of growing sequences. Prompts of unequal length end at the same column,
 * so that each decoded token writes one column for all rows; what lies before a prompt is masked.
 */
export class KeyValueCache implements Disposable {
  /** Columns in use: the longest prompt, plus the tokens decoded since. */
  columns: number;
  /** First column of each row's sequence. */
  #offsets: number[];
  #capacity: number;
  readonly #device: string;
  readonly #layers: { key: Tensor; value: Tensor }[] = []; // [B, K, capacity, Dh] each
  #mask: Tensor | null = null; // bool [B, 1, 1, capacity], true where a column belongs to the row

  /** @param lengths tokens of each prompt; @param room tokens expected to follow. */
  constructor(lengths: readonly number[], room: number, device = 'cpu') {
    this.columns = Math.max(...lengths);
    this.#offsets = lengths.map((length) => this.columns - length);
    this.#capacity = this.columns + Math.min(room, 256);
    this.#device = device;
    this.#makeMask();
  }

  get rows(): number {
    return this.#offsets.length;
  }

  /** The context for running all prompts at once; it fills the cache. */
  prefill(): AttentionContext & Disposable {
    const packed = new PackedAttention(
      this.#offsets.map((offset) => this.columns - offset),
      this.#device,
    );
    return {
      positions: packed.positions,
      attend: (layer, query, key, value) => {
        this.#storePrompts(layer, key, value);
        return packed.attend(layer, query, key, value);
      },
      [Symbol.dispose]: () => packed[Symbol.dispose](),
    };
  }

  /** The context for one more token of every row. */
  decode(): AttentionContext & Disposable {
    if (this.columns === this.#capacity) this.#grow();
    const column = this.columns++;
    const positions = tensor(
      this.#offsets.map((offset) => column - offset),
      { dtype: 'int64', device: this.#device },
    ).keep();
    return {
      positions,
      attend: (layer, query, key, value) => this.#attendColumn(layer, column, query, key, value),
      [Symbol.dispose]: () => positions.dispose(),
    };
  }

  /** Goes on with these rows alone, in this order. */
  keepRows(rows: readonly number[]): void {
    this.#offsets = rows.map((row) => this.#offsets[row]!);
    noGrad(() => {
      using index = tensor(rows, { dtype: 'int64', device: this.#device });
      this.#replace((old) => old.indexSelect(0, index));
    });
    this.#makeMask();
  }

  [Symbol.dispose](): void {
    for (const { key, value } of this.#layers) {
      key.dispose();
      value.dispose();
    }
    this.#mask?.dispose();
  }

  #storePrompts(layer: number, key: Tensor, value: Tensor): void {
    const [, kvHeads, width] = key.shape as [number, number, number];
    const make = () =>
      zeros([this.rows, kvHeads, this.#capacity, width], { dtype: key.dtype, device: this.#device }).keep();
    this.#layers[layer] = { key: make(), value: make() };
    scope(() => {
      let start = 0;
      for (const [row, offset] of this.#offsets.entries()) {
        const length = this.columns - offset;
        for (const [cache, fresh] of [
          [this.#layers[layer]!.key, key] as const,
          [this.#layers[layer]!.value, value] as const,
        ])
          cache
            .select(0, row)
            .narrow(1, offset, length)
            .copy_(fresh.narrow(0, start, length).transpose(0, 1));
        start += length;
      }
    });
  }

  /** [B, H, Dh] against all columns so far → [B, H·Dh]. The queries that share a key-value head stand where time would. */
  #attendColumn(layer: number, column: number, query: Tensor, key: Tensor, value: Tensor): Tensor {
    const cache = this.#layers[layer]!;
    const [rows, heads, width] = query.shape as [number, number, number];
    const kvHeads = key.shape[1]!;
    cache.key.select(2, column).copy_(key);
    cache.value.select(2, column).copy_(value);
    const out = scaledDotProductAttention(
      query.view([rows, kvHeads, heads / kvHeads, width]),
      cache.key.narrow(2, 0, column + 1),
      cache.value.narrow(2, 0, column + 1),
      this.#mask?.narrow(3, 0, column + 1),
    );
    return out.reshape([rows, heads * width]);
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity *= 2;
    noGrad(() =>
      this.#replace((old) => {
        const [rows, kvHeads, , width] = old.shape as [number, number, number, number];
        const larger = zeros([rows, kvHeads, this.#capacity, width], { dtype: old.dtype, device: this.#device });
        using start = larger.narrow(2, 0, before);
        start.copy_(old);
        return larger;
      }),
    );
    this.#makeMask();
  }

  #replace(make: (old: Tensor) => Tensor): void {
    for (const layer of this.#layers) {
      for (const part of ['key', 'value'] as const) {
        const old = layer[part];
        layer[part] = make(old).keep();
        old.dispose();
      }
    }
  }

  #makeMask(): void {
    this.#mask?.dispose();
    this.#mask = null;
    if (this.#offsets.every((offset) => offset === 0)) return;
    const visible = this.#offsets.flatMap((offset) =>
      Array.from({ length: this.#capacity }, (_, column) => Number(column >= offset)),
    );
    this.#mask = tensor(visible, {
      shape: [this.rows, 1, 1, this.#capacity],
      dtype: 'bool',
      device: this.#device,
    }).keep();
  }
}

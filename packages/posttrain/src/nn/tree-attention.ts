import { scope, type Tensor, tensor } from '../tensor/index.ts';
import type { AttentionContext } from './attention.ts';
import { PackedAttention, startsOf } from './packed-attention.ts';
import { attendPart, fusedAttendPart, joinPart, type PartialAttention } from './partial-attention.ts';

/** A run of tokens that stands after another run, or at the beginning. */
export interface TreeRun {
  /** In tokens, at least one. */
  readonly length: number;
  /** Index of the run before it; -1 at the beginning. */
  readonly parent: number;
}

interface KeysAndValues {
  readonly key: Tensor; //    [length, K, Dh]
  readonly value: Tensor; //  [length, K, Dh]
}

/**
 * Sequences that begin alike, as a tree of runs: what several of them share is computed once. A token sees its own run's past
 * and the runs before that.
 *
 * Runs are listed depth first, so the tokens that may see a run follow it without a gap, and attention to a run needs neither
 * mask nor copies. A large tree goes through the model in pieces of its list; keys and values of runs that the next piece looks
 * back at are kept: those of one sequence at most. For passes without gradient.
 */
export class TreeAttention implements Disposable {
  readonly #runs: readonly TreeRun[];
  /** Tokens before each run in its sequences. */
  readonly #depths: readonly number[];
  /** Index after each run's last descendant. */
  readonly #ends: readonly number[];
  readonly #device: string;
  /** By run, then by block. */
  readonly #kept = new Map<number, KeysAndValues[]>();

  constructor(runs: readonly TreeRun[], device = 'cpu') {
    const depths: number[] = [];
    const ends = runs.map((_, run) => run + 1);
    for (const { parent } of runs) depths.push(parent < 0 ? 0 : depths[parent]! + runs[parent]!.length);
    for (let run = runs.length - 1; run >= 0; run--) {
      const { parent } = runs[run]!;
      if (parent >= 0) ends[parent] = Math.max(ends[parent]!, ends[run]!);
    }
    this.#runs = runs;
    this.#depths = depths;
    this.#ends = ends;
    this.#device = device;
  }

  /** For the tokens of runs `first` to `end` in one line. Pieces follow one another; each is disposed of before the next. */
  piece(first: number, end: number): AttentionContext & Disposable {
    const lengths = this.#runs.slice(first, end).map(({ length }) => length);
    const starts = startsOf(lengths);
    const tokens = starts.at(-1)! + lengths.at(-1)!;
    /** Where the tokens that see `run` end. */
    const until = (run: number) => (this.#ends[run]! < end ? starts[this.#ends[run]! - first]! : tokens);
    const before = this.#pathTo(first);
    const after = this.#pathTo(end);
    const inner = lengths.map((length, i) => ({ start: starts[i]!, length, until: until(first + i) }));
    const shared = inner.filter(({ start, length, until: last }) => last > start + length);
    const own = new PackedAttention(lengths, this.#device);
    const positions = this.#positions(first, end);
    return {
      positions,
      attend: (layer, query, key, value) => {
        for (const run of after) if (run >= first) this.#keep(run, layer, starts[run - first]!, key, value);
        const isPlain = before.length === 0 && shared.length === 0;
        // Elsewhere than on the CPU attention by parts is written out, and holds all scores at once.
        if (isPlain && query.device !== 'cpu') return own.attend(layer, query, key, value);
        const all = own.attendPart(query, key, value);
        for (const run of before) {
          const past = this.#kept.get(run)![layer]!;
          lookAt(past.key, past.value, query, all, 0, until(run));
        }
        for (const { start, length, until: last } of shared)
          lookAt(key.narrow(0, start, length), value.narrow(0, start, length), query, all, start + length, last);
        return all.out.reshape([tokens, -1]);
      },
      [Symbol.dispose]: () => {
        own[Symbol.dispose]();
        positions.dispose();
        for (const run of this.#kept.keys()) if (!after.includes(run)) this.#forget(run);
      },
    };
  }

  /** The runs before run `index`, the last one first; none where the list ends. */
  #pathTo(index: number): number[] {
    const path: number[] = [];
    for (let run = this.#runs[index]?.parent ?? -1; run >= 0; run = this.#runs[run]!.parent) path.push(run);
    return path;
  }

  #positions(first: number, end: number): Tensor {
    const positions: number[] = [];
    for (let run = first; run < end; run++)
      for (let t = 0; t < this.#runs[run]!.length; t++) positions.push(this.#depths[run]! + t);
    return scope(() => tensor(positions, { dtype: 'int64', device: this.#device })).keep();
  }

  #keep(run: number, layer: number, start: number, key: Tensor, value: Tensor): void {
    const copy = (x: Tensor) => x.narrow(0, start, this.#runs[run]!.length).clone().keep();
    const layers = this.#kept.get(run) ?? [];
    layers[layer] = { key: copy(key), value: copy(value) };
    this.#kept.set(run, layers);
  }

  #forget(run: number): void {
    for (const { key, value } of this.#kept.get(run)!) {
      key.dispose();
      value.dispose();
    }
    this.#kept.delete(run);
  }

  [Symbol.dispose](): void {
    for (const run of this.#kept.keys()) this.#forget(run);
  }
}

/** Adds what the tokens from `start` to `end` see in key and value [S, K, Dh] to what they have seen: out [N, H, Dh], logTotal [N, H]. */
function lookAt(key: Tensor, value: Tensor, query: Tensor, seen: PartialAttention, start: number, end: number): void {
  scope(() => {
    const line = (x: Tensor) => x.narrow(0, start, end - start);
    const other = fusedAttendPart(line(query), key, value) ?? plainLookAt(line(query), key, value);
    joinPart({ out: line(seen.out), logTotal: line(seen.logTotal) }, other);
  });
}

function plainLookAt(query: Tensor, key: Tensor, value: Tensor): PartialAttention {
  const { out, logTotal } = attendPart(query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0), false);
  return { out: out.squeeze(0), logTotal: logTotal.squeeze(0) };
}

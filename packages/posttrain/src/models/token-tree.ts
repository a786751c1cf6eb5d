import type { TreeRun } from '../nn/index.ts';

/** A run of the tree, with its tokens. */
export interface TokenRun extends TreeRun {
  readonly tokens: readonly number[];
}

/** Sequences as a tree of what they begin with in common. */
export interface TokenTree {
  /** Depth first: a run's descendants follow it. */
  readonly runs: readonly TokenRun[];
  /** For each sequence the runs it is made of, the first one first. */
  readonly paths: readonly (readonly number[])[];
}

/** Tokens that must be spared for a run of its own: its attention is a call by itself in every block. */
const leastSpared = 16;
/** And for each token that stands after it, since that joins its attention over one more run: about what this costs of a small model's token. */
const leastSparedPerToken = 1 / 16;

/** @param sequences none of them empty; their order decides nothing */
export function tokenTree(sequences: readonly (readonly number[])[]): TokenTree {
  const order = sequences.map((_, i) => i).sort((a, b) => compare(sequences[a]!, sequences[b]!));
  const runs: TokenRun[] = [];
  const paths: number[][] = sequences.map(() => []);
  const at = (place: number) => sequences[order[place]!]!;

  /** Sequences `from` to `to` of the order agree on their first `agreed` tokens, of which `done` stand in runs up to `parent`. */
  const grow = (from: number, to: number, agreed: number, done: number, parent: number): void => {
    const common = commonLength(at(from), at(to - 1), agreed);
    const alike = common === at(to - 1).length;
    if (alike || isWorthSharing(from, to, common, common - done)) {
      const run = common > done ? runs.length : parent;
      if (run !== parent) {
        runs.push({ tokens: at(from).slice(done, common), length: common - done, parent });
        for (let place = from; place < to; place++) paths[order[place]!]!.push(run);
      }
      if (!alike) branch(from, to, common, common, run);
    } else branch(from, to, common, done, parent);
  };

  /** Whether sequences `from` to `to`, which agree on `common` tokens, are better off with `length` of these as a run of their own. */
  const isWorthSharing = (from: number, to: number, common: number, length: number): boolean => {
    const spared = (to - from - 1) * length;
    if (spared < leastSpared) return false;
    let after = 0;
    for (let place = from; place < to; place++) after += at(place).length - common;
    return spared >= leastSparedPerToken * after;
  };

  /** Sequences that agree on `agreed` tokens and no more: those that end there, then those that go on alike. */
  const branch = (from: number, to: number, agreed: number, done: number, parent: number): void => {
    for (let start = from; start < to; ) {
      let end = start + 1;
      const ends = at(start).length === agreed;
      while (end < to && (ends ? at(end).length === agreed : at(end)[agreed] === at(start)[agreed])) end++;
      // What ends where a run ends has no tokens of its own left.
      if (!ends || agreed > done) grow(start, end, agreed, done, parent);
      start = end;
    }
  };

  if (sequences.length > 0) branch(0, sequences.length, 0, 0, -1);
  return { runs, paths };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const common = commonLength(a, b, 0);
  return (a[common] ?? -1) - (b[common] ?? -1);
}

/** How far two sequences agree that agree on `known` tokens. */
function commonLength(a: readonly number[], b: readonly number[], known: number): number {
  let length = known;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

import { PosttrainError } from '../support/errors.ts';
import type { Pack, TokenRow } from './types.ts';

/** Rows that are packed together; packs never mix rows of different windows, so the order stays near the shuffled one. */
const WINDOW = 1024;

/**
 * Packs rows into sequences of at most `maxTokens` tokens: best-fit decreasing (Johnson 1973) within windows of rows. Each row
 * is kept whole; attention and positions start anew at each. Deterministic: ties go to the earlier row and the earlier pack.
 * @returns packs in the order of their earliest rows
 * @throws data-overlong where a row does not fit by itself
 */
export function packRows(rows: readonly TokenRow[], maxTokens: number, window = WINDOW): Pack[] {
  const packs: Pack[] = [];
  for (let start = 0; start < rows.length; start += window) {
    packs.push(...packWindow(rows.slice(start, start + window), maxTokens));
  }
  return packs;
}

function packWindow(rows: readonly TokenRow[], maxTokens: number): Pack[] {
  const byLength = [...rows.keys()].sort((a, b) => rows[b]!.tokens.length - rows[a]!.tokens.length || a - b);
  const bins: number[][] = [];
  const roomy = new RoomIndex(maxTokens);
  for (const index of byLength) {
    const length = rows[index]!.tokens.length;
    if (length > maxTokens) throw tooLong(rows[index]!, maxTokens);
    const bin = roomy.takeTightest(length);
    if (bin === undefined) {
      roomy.put(bins.length, maxTokens - length);
      bins.push([index]);
    } else {
      bins[bin.id]!.push(index);
      roomy.put(bin.id, bin.room - length);
    }
  }
  for (const bin of bins) bin.sort((a, b) => a - b);
  bins.sort((a, b) => a[0]! - b[0]!);
  return bins.map((bin) => bin.map((index) => rows[index]!));
}

/** Bins by the room they have left: a tree over the room finds the tightest that fits in O(log maxTokens). */
class RoomIndex {
  readonly #bins: number[][];
  /** A segment tree of counts: node i has children 2i and 2i+1, leaves stand for room 0, 1, 2 … */
  readonly #counts: Int32Array;
  readonly #leaves: number;

  constructor(maxRoom: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(maxRoom + 1));
    this.#counts = new Int32Array(2 * this.#leaves);
    this.#bins = [];
  }

  put(id: number, room: number): void {
    const bins = this.#bins[room];
    if (bins) bins.push(id);
    else this.#bins[room] = [id];
    this.#add(room, 1);
  }

  /** Takes out the bin with the least room of at least `length`; among equals, the one put in first. */
  takeTightest(length: number): { id: number; room: number } | undefined {
    const room = this.#firstFrom(length);
    if (room === undefined) return undefined;
    this.#add(room, -1);
    return { id: this.#bins[room]!.shift()!, room };
  }

  #add(room: number, change: number): void {
    for (let node = room + this.#leaves; node > 0; node >>= 1) this.#counts[node]! += change;
  }

  #firstFrom(room: number): number | undefined {
    if (room >= this.#leaves) return undefined;
    let node = room + this.#leaves;
    if (this.#counts[node]! > 0) return room;
    // Up until a right sibling holds something, then down its left edge.
    while (node > 1 && (node % 2 === 1 || this.#counts[node + 1] === 0)) node >>= 1;
    if (node <= 1) return undefined;
    node++;
    while (node < this.#leaves) node = this.#counts[2 * node]! > 0 ? 2 * node : 2 * node + 1;
    return node - this.#leaves;
  }
}

function tooLong({ origin, tokens }: TokenRow, maxTokens: number): PosttrainError {
  return new PosttrainError(
    'data-overlong',
    `a row of ${tokens.length} tokens cannot be packed into maxTokens (${maxTokens})`,
    {
      help: `raise maxTokens to ${tokens.length}, or let overlong: drop, truncateStart, truncateEnd or split shorten such rows.`,
      place: { ...origin },
    },
  );
}

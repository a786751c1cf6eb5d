import { PosttrainError } from '../support/errors.ts';
import type { TokenRow } from './types.ts';

/** What becomes of rows longer than `maxTokens`. */
export type Overlong = 'error' | 'drop' | 'truncateStart' | 'truncateEnd' | 'split';

/** What became of one row. */
export interface Fitted {
  /** The row itself, a cut row, its pieces, or nothing. */
  readonly rows: readonly TokenRow[];
  readonly fate: 'whole' | 'dropped' | 'cut' | 'split';
}

/**
 * Makes one row fit into `maxTokens`. `truncateEnd` keeps its start, `truncateStart` its end, `split` all of it in pieces of
 * `maxTokens`. The first token of what is kept carries no loss, as nothing comes before it.
 * Under `error` an overlong row is left whole here: `refuseOverlong` speaks for all of them together.
 */
export function fitRow(row: TokenRow, maxTokens: number, overlong: Overlong): Fitted {
  const length = row.tokens.length;
  if (length <= maxTokens || overlong === 'error') return { rows: [row], fate: 'whole' };
  if (overlong === 'drop') return { rows: [], fate: 'dropped' };
  if (overlong === 'truncateEnd') return { rows: [part(row, 0, maxTokens)], fate: 'cut' };
  if (overlong === 'truncateStart') return { rows: [part(row, length - maxTokens, length)], fate: 'cut' };
  const pieces = Array.from({ length: Math.ceil(length / maxTokens) }, (_, i) => {
    return part(row, i * maxTokens, Math.min(length, (i + 1) * maxTokens));
  });
  return { rows: pieces, fate: 'split' };
}

/**
 * Stops where rows are longer than `maxTokens` and nothing was said about them.
 * @throws data-overlong with the count, the three longest and the `maxTokens` that would fit all, where the context allows it
 */
export function refuseOverlong(rows: readonly TokenRow[], maxTokens: number, context = Number.POSITIVE_INFINITY): void {
  const overlong = rows
    .filter(({ tokens }) => tokens.length > maxTokens)
    .sort((a, b) => b.tokens.length - a.tokens.length);
  const longest = overlong[0]?.tokens.length;
  if (longest === undefined) return;
  const shown = overlong
    .slice(0, 3)
    .map(({ origin, tokens }) => `\n  ${origin.file}:${origin.line}: ${tokens.length} tokens`)
    .join('');
  const fits =
    longest <= context
      ? `maxTokens: ${longest} fits all rows`
      : `the model's context of ${context} tokens is too short for them`;
  throw new PosttrainError(
    'data-overlong',
    `${overlong.length} of ${rows.length} rows are longer than maxTokens (${maxTokens}):${shown}${overlong.length > 3 ? '\n  …' : ''}`,
    {
      help: `${fits}; overlong: drop, truncateStart, truncateEnd or split says what to do with them.`,
      place: { ...overlong[0]!.origin, key: 'data.maxTokens' },
      data: { count: overlong.length, longest, maxTokens },
    },
  );
}

/** Whether any token of the row is to be learned. */
export function hasLoss(row: TokenRow): boolean {
  return row.weights.some((weight) => weight > 0);
}

function part(row: TokenRow, start: number, end: number): TokenRow {
  const weights = row.weights.slice(start, end);
  weights[0] = 0;
  const documents = row.documents && documentsWithin(row.documents, start, end);
  return { tokens: row.tokens.slice(start, end), weights, origin: row.origin, ...(documents ? { documents } : {}) };
}

/** Lengths of what lies of each document between two places. */
function documentsWithin(documents: readonly number[], start: number, end: number): number[] {
  let at = 0;
  return documents
    .map((length) => {
      const from = at;
      at += length;
      return Math.min(end, at) - Math.max(start, from);
    })
    .filter((length) => length > 0);
}

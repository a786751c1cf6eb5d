import { createHash } from 'node:crypto';
import { PosttrainError } from '../support/errors.ts';
import type { Example, TokenRow } from './types.ts';

/** A hash of what an example says, wherever it stands: duplicates share it. */
export function exampleHash(example: Example): string {
  const { origin: _, ...content } = example;
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** A hash of a row's tokens, for the pieces of a split document. */
export function tokensHash(row: TokenRow): string {
  return createHash('sha256')
    .update(new Uint8Array(row.tokens.buffer, row.tokens.byteOffset, row.tokens.byteLength))
    .digest('hex');
}

/**
 * Whether a row is held out, judged by its hash alone: the answer does not depend on the other rows, on their order or on a
 * seed, and duplicates land on one side.
 * @param share part of the rows to hold out, in [0, 1)
 */
export function isHeldOut(hash: string, share: number): boolean {
  return Number.parseInt(hash.slice(0, 12), 16) / 2 ** 48 < share;
}

/** @throws recipe-invalid for a share outside [0, 1) */
export function checkShare(share: number): void {
  if (share >= 0 && share < 1) return;
  throw new PosttrainError('recipe-invalid', `data.validation is ${share}; a share is at least 0 and below 1`, {
    help: 'validation: 0.02 holds out every fiftieth row; a path names a file of its own.',
    place: { key: 'data.validation' },
  });
}

import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TokenRow } from '../data/types.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import { readReference, writeReference } from '../runs/index.ts';
import type { Reference } from './objectives/pair-logps.ts';
import { rowLogps } from './row-logps.ts';

export interface ReferenceSetup {
  /** Rows whose log-probabilities the objective will ask for. */
  readonly rows: readonly TokenRow[];
  /** The run folder, which keeps what was measured. */
  readonly dir: string;
  /** Rows of one forward pass. */
  readonly together: number;
  readonly stopRequested: () => boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * The frozen reference model, as the numbers that are needed of it: its log-probabilities are measured once, before the first step,
 * and kept in the run folder, so that no second model stays in memory and a resumed run compares with the same numbers.
 * @param withModel calls with the model as it was before the run
 * @returns null where a stop was requested before all rows were measured
 */
export async function measureReference(
  { rows, dir, together, stopRequested, onProgress }: ReferenceSetup,
  withModel: (measure: (model: CausalLm) => Promise<number[]>) => Promise<number[]>,
): Promise<Reference | null> {
  const hash = hashOf(rows);
  const stored = readReference(dir);
  if (stored?.rows === hash && stored.logps.length === rows.length) return lookUp(rows, stored.logps);
  const logps = await withModel(async (model) => {
    const measured: number[] = [];
    while (measured.length < rows.length && !stopRequested()) {
      measured.push(...rowLogps(model, rows.slice(measured.length, measured.length + together), together));
      onProgress(measured.length, rows.length);
      await nextTurn();
    }
    return measured;
  });
  if (logps.length < rows.length) return null;
  writeReference(dir, { version: 1, rows: hash, logps });
  return lookUp(rows, logps);
}

function lookUp(rows: readonly TokenRow[], logps: readonly number[]): Reference {
  // Objectives are handed the very rows that were measured, so that their identity finds them.
  const known = new Map(rows.map((row, i) => [row, logps[i]!]));
  return (row) => {
    const logp = known.get(row);
    if (logp === undefined) throw new TypeError('this row was not measured under the reference');
    return logp;
  };
}

function hashOf(rows: readonly TokenRow[]): string {
  const hash = createHash('sha256');
  for (const { tokens, weights } of rows) {
    for (const part of [tokens, weights]) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    hash.update(';');
  }
  return hash.digest('hex');
}

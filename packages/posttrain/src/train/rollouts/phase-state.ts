import type { Pack, TokenRow } from '../../data/types.ts';

/** A phase that is under way when a checkpoint is written: its answers were drawn from weights that are gone. */
export interface PhaseState {
  readonly index: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: readonly StoredRow[];
}

interface StoredRow extends Pick<TokenRow, 'origin'> {
  readonly tokens: readonly number[];
  /** Tokens of the prompt. */
  readonly prompt: number;
  readonly advantage: number;
  readonly sampled: readonly number[];
  readonly old: readonly number[] | null;
  readonly reference: readonly number[] | null;
}

interface Phase {
  readonly index: number;
  readonly packs: readonly Pack[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** As JSON: a float32 survives being written in decimals. */
export function writePhase({ index, packs, metrics }: Phase): PhaseState {
  const rows = packs.flat().map(({ tokens, weights, origin, rollout }): StoredRow => {
    const { advantage, sampled, old, reference } = rollout!;
    const plain = (values: Float32Array | null) => values && [...values];
    return {
      ...{ tokens: [...tokens], prompt: weights.indexOf(1), origin, advantage, sampled: [...sampled] },
      ...{ old: plain(old), reference: plain(reference) },
    };
  });
  return { index, metrics, rows };
}

export function readPhase({ index, metrics, rows }: PhaseState): Phase {
  const list = (values: readonly number[] | null) => values && Float32Array.from(values);
  const packs = rows.map(({ tokens, prompt, origin, advantage, sampled, old, reference }): Pack => {
    const rollout = { advantage, sampled: Float32Array.from(sampled), old: list(old), reference: list(reference) };
    const weights = Float32Array.from(tokens, (_, i) => (i < prompt ? 0 : 1));
    return [{ tokens: Int32Array.from(tokens), weights, origin, rollout }];
  });
  return { index, packs, metrics };
}

import type { Pack, Rollout, TokenRow } from '../../data/types.ts';

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
  readonly advantages: readonly number[];
  readonly sampled: readonly number[];
  readonly old: readonly number[] | null;
  readonly reference: readonly number[] | null;
  readonly valued: { readonly values: readonly number[]; readonly returns: readonly number[] } | null;
}

interface Phase {
  readonly index: number;
  readonly packs: readonly Pack[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** As JSON: a float32 survives being written in decimals. */
export function writePhase({ index, packs, metrics }: Phase): PhaseState {
  const rows = packs.flat().map(({ tokens, weights, origin, rollout }): StoredRow => {
    const { advantages, sampled, old, reference, valued } = rollout!;
    return {
      ...{
        tokens: [...tokens],
        prompt: weights.indexOf(1),
        origin,
        advantages: [...advantages],
        sampled: [...sampled],
      },
      ...{ old: old && [...old], reference: reference && [...reference] },
      valued: valued && { values: [...valued.values], returns: [...valued.returns] },
    };
  });
  return { index, metrics, rows };
}

export function readPhase({ index, metrics, rows }: PhaseState): Phase {
  const packs = rows.map((row): Pack => {
    const { tokens, prompt, origin } = row;
    const weights = Float32Array.from(tokens, (_, i) => (i < prompt ? 0 : 1));
    return [{ tokens: Int32Array.from(tokens), weights, origin, rollout: rolloutOf(row) }];
  });
  return { index, packs, metrics };
}

function rolloutOf({ advantages, sampled, old, reference, valued }: StoredRow): Rollout {
  const list = (values: readonly number[]) => Float32Array.from(values);
  return {
    ...{ advantages: list(advantages), sampled: list(sampled) },
    ...{ old: old && list(old), reference: reference && list(reference) },
    valued: valued && { values: list(valued.values), returns: list(valued.returns) },
  };
}

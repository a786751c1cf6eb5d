import { arange, cat, scalarPow, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';

/** Cosines and sines of every token's position, float32 [N, 1, Dh] each. */
export interface RotaryTable {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** Llama 3's stretching of the slow frequencies (Dubey et al. 2024, arXiv:2407.21783), by config.json's names. */
export interface Llama3Scaling {
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

/**
 * Rotations per token of each pair of channels, in radians, [Dh/2]: θ^(−2i/d), Su et al. 2021, arXiv:2104.09864, eq. 15.
 * Computed by libtorch in float32, as the reference does: positions multiply every last bit of difference.
 */
export function inverseFrequencies(width: number, theta: number, scaling?: Llama3Scaling): number[] {
  return scope(() => {
    const exponents = arange(0, width / 2, { dtype: 'float32' })
      .mul(2)
      .div(width);
    const plain = toArray(scalarPow(theta, exponents).reciprocal());
    return scaling ? plain.map((frequency) => stretch(frequency, scaling)) : plain;
  });
}

/** Long waves are slowed by `factor`, short ones kept, those between are blended linearly. */
function stretch(frequency: number, scaling: Llama3Scaling): number {
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < context / high) return frequency;
  if (wavelength > context / low) return frequency / factor;
  const blend = (context / wavelength - low) / (high - low);
  return ((1 - blend) * frequency) / factor + blend * frequency;
}

/** The table for `positions` (int64 [N]); `frequencies` [Dh/2] in radians per token. */
export function rotaryTable(positions: Tensor, frequencies: readonly number[]): RotaryTable {
  const perToken = tensor(frequencies, { device: positions.device });
  const angles = positions.toDtype('float32').unsqueeze(1).mul(perToken); // [N, Dh/2]
  const both = cat([angles, angles], 1).unsqueeze(1); // each half of a head turns by the same angles
  return { cos: both.cos(), sin: both.sin() };
}

/** Turns each pair (x_i, x_{i+Dh/2}) of [N, H, Dh] by its token's angle; the result has x's type. */
export function applyRotary(x: Tensor, table: RotaryTable): Tensor {
  const [first, second] = x.chunk(2, -1) as [Tensor, Tensor];
  const turned = cat([second.neg(), first], -1);
  return x.mul(table.cos).add(turned.mul(table.sin)).toDtype(x.dtype);
}

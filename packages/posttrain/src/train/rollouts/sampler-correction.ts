/** In float32 sampler and trainer agree to 1e-4 nats, which needs none; in bf16 they differ by about a tenth of a nat. */
export function correctionOf(
  correction: 'auto' | 'none' | 'truncate' | 'mask',
  precision: 'auto' | 'fp32' | 'bf16',
): 'none' | 'truncate' | 'mask' {
  if (correction !== 'auto') return correction;
  return precision === 'bf16' ? 'truncate' : 'none';
}

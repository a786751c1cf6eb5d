import { PosttrainError } from '../support/errors.ts';

/** What `--precision` says. @throws PosttrainError `usage` */
export function precisionOf(precision: string): 'auto' | 'fp32' | 'bf16' {
  if (precision === 'auto' || precision === 'fp32' || precision === 'bf16') return precision;
  throw new PosttrainError('usage', `--precision is auto, fp32 or bf16, not "${precision}".`);
}

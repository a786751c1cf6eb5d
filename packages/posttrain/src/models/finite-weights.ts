import { PosttrainError } from '../support/errors.ts';
import { scope } from '../tensor/index.ts';
import type { Decoder } from './decoder.ts';
import type { LoadedModel } from './load.ts';

/**
 * Attention kernels take what is no number in a query or a key for something that nobody may see, so that a broken
 * checkpoint would answer as if nothing were wrong.
 * @throws weights-invalid with the names
 */
export function refuseNonFinite({ model, folder }: Pick<LoadedModel<Decoder>, 'model' | 'folder'>): void {
  const wrong = [...model.namedParameters()].filter(([, parameter]) =>
    // A sum is the cheapest look at all elements; finite ones may overflow it.
    scope(() => !Number.isFinite(parameter.sumAll().item()) && !parameter.isfinite().all().item()),
  );
  if (wrong.length === 0) return;
  const names = wrong.slice(0, 3).map(([name]) => name);
  if (wrong.length > names.length) names.push('…');
  throw new PosttrainError(
    'weights-invalid',
    `${wrong.length} of ${model.parameters().length} weights hold NaN or infinity: ${names.join(', ')}.`,
    {
      place: { file: folder },
      help: 'training diverged, or the file is damaged: use an earlier checkpoint, or download the model again.',
    },
  );
}

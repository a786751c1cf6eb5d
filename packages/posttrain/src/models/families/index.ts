import { PosttrainError } from '../../support/errors.ts';
import { nearestName } from '../../support/nearest.ts';
import type { Family } from '../family.ts';
import { llama } from './llama.ts';

/** Every family built here: a new one is one file and one line. */
export const families: readonly Family[] = [llama];

/** The family for a `model_type`. @throws model-unsupported with the ones there are, nearest first. */
export function familyFor(modelType: unknown, file: string): Family {
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  const known = families.map((candidate) => candidate.modelType);
  const what =
    modelType === undefined
      ? 'config.json has no model_type.'
      : `model_type ${JSON.stringify(modelType)} is not built here.`;
  const near = typeof modelType === 'string' ? nearestName(modelType, known) : undefined;
  throw new PosttrainError('model-unsupported', what, {
    place: { file, key: 'model_type' },
    help: near ? `did you mean "${near}"?` : `supported: ${known.join(', ')}.`,
  });
}

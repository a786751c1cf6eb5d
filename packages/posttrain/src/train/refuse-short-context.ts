import { PosttrainError } from '../support/errors.ts';
import { contextOf } from './training-rows.ts';

/**
 * A model that reads the rows beside the one that is trained must have been made for as long ones.
 * @param role what it is to the run, and its name in the recipe
 * @param longest tokens of the longest row
 * @throws recipe-invalid beyond its context
 */
export function refuseShortContext(role: 'teacher' | 'critic', name: string, folder: string, longest: number): void {
  const context = contextOf(folder);
  if (longest <= context) return;
  throw new PosttrainError(
    'recipe-invalid',
    `the longest sequence has ${longest} tokens, but the ${role} ${name} was made for ${context}.`,
    { place: { key: 'data.maxTokens' }, help: `data.maxTokens: ${context}, or a ${role} with a longer context.` },
  );
}

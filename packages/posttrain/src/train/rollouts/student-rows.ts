import type { Pack, TokenRow } from '../../data/types.ts';
import type { ResolvedRecipe } from '../../runs/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { contextOf, type TrainingRows } from '../training-rows.ts';
import { promptOf, StudentSource } from './student-source.ts';

/**
 * Rows whose last answers the student draws itself in `distill.onPolicy` of the steps.
 * @throws recipe-invalid where the longest prompt leaves no room for `rollout.maxTokens`
 */
export function answeredRows(recipe: ResolvedRecipe, modelFolder: string, rows: TrainingRows): TrainingRows {
  const { maxTokens, temperature } = recipe.rollout!;
  const share = recipe.distill!.onPolicy;
  const { source, compared, privileged } = rows;
  const longest = Math.max(...compared.map((row) => promptOf(row).length)) + maxTokens;
  const context = contextOf(modelFolder);
  if (longest > context)
    throw new PosttrainError(
      'recipe-invalid',
      `the longest prompt has ${longest - maxTokens} tokens, and with rollout.maxTokens (${maxTokens}) that is more than the model's context of ${context}.`,
      { place: { key: 'rollout.maxTokens' }, help: 'lower it, or data.maxTokens with overlong: drop.' },
    );
  const told = privileged && new Map(privileged);
  const first = source.packs(0);
  return {
    ...rows,
    ...(told ? { privileged: told } : {}),
    longestPack: Math.max(rows.longestPack, longest),
    live: {
      // How long answers become is not known yet.
      tokensPerStep: share * expected(first, maxTokens) + (1 - share) * tokensOf(first),
      start: (world) => new StudentSource({ source, share, seed: recipe.seed, maxTokens, temperature, told }, world),
    },
  };
}

function tokensOf(packs: readonly Pack[]): number {
  return sum(packs.flat(), ({ tokens }) => tokens.length);
}

function expected(packs: readonly Pack[], maxTokens: number): number {
  return sum(packs.flat(), (row) => promptOf(row).length + maxTokens / 2);
}

function sum(rows: readonly TokenRow[], value: (row: TokenRow) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

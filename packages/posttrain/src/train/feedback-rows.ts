import { createPackSource, type PreparedFeedback, type TokenRow } from '../data/index.ts';
import type { PrepareOptions } from '../data/prepare.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { contextOf, largestIdOf, type RowHooks, rendererFor, type TrainingRows } from './training-rows.ts';

/** Reads, renders and batches human feedback: a pack is a pair, or an answer by itself. */
export async function prepareFeedbackRows(
  recipe: ResolvedRecipe,
  modelFolder: string,
  hooks: RowHooks,
  prepare: (options: PrepareOptions) => Promise<PreparedFeedback>,
): Promise<TrainingRows> {
  const { data, batch, seed } = recipe;
  const { tokenizer, template, renderer } = await rendererFor(recipe, modelFolder, hooks.now);
  const { sources, validation, report } = await prepare({
    sources: data.train,
    renderer,
    maxTokens: data.maxTokens as number,
    context: contextOf(modelFolder),
    overlong: data.overlong,
    validation: data.validation === false ? undefined : data.validation,
    signal: hooks.signal,
    onProgress: hooks.onProgress,
  });
  const packs = sources.flatMap(({ rows }) => rows);
  const answers = [...packs, ...validation].flat();
  const compared = [...answers, ...answers.flatMap(({ judged }) => judged?.mismatched ?? [])];
  return {
    tokenizer,
    template,
    source: createPackSource({ sources, batch, seed, shuffle: data.shuffle }),
    validation,
    longestPack: Math.max(...packs.map(lengthOf)),
    largestId: largestIdOf(answers),
    compared,
    report,
  };
}

function lengthOf(pack: readonly TokenRow[]): number {
  return pack.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

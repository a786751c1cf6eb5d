import { defineRecipe } from './define.ts';
import type { Recipe } from './recipe.generated.ts';
import type { ResolvedRecipe } from './resolved-recipe.ts';
import type { RecipeInput } from './schema.ts';

/** Types that differ in anything, optional and readonly included, fail to compile here. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Holds<T extends true> = T;
/** An intersection or a named interface written out, so that only what it holds is compared. */
type Expand<T> = T extends object ? { [K in keyof T]: Expand<T[K]> } : T;
type OfMethod<R extends { method: string }, M> = Expand<Extract<R, { method: M }>>;

type Method = Recipe['method'];
type SameKeys = { [M in Method]: Equal<OfMethod<Recipe, M>, OfMethod<RecipeInput, M>> };

export type GeneratedInterfacesEqualTheSchema = [
  Holds<Equal<Method, RecipeInput['method']>>,
  Holds<Equal<SameKeys, { [M in Method]: true }>>,
];

/** Rewards are there where the method has them. */
export type ResolvedRecipeIsARecipe = Holds<
  ResolvedRecipe & Required<Pick<ResolvedRecipe, 'rewards'>> extends Recipe ? true : false
>;

export type WhatDiffersIsSeenToDiffer = [
  Holds<Equal<Equal<{ a: 1 }, { a?: 1 }>, false>>,
  Holds<Equal<Equal<{ a?: 1 }, { a?: 1 | undefined }>, false>>,
  Holds<Equal<Equal<Expand<{ a: readonly 1[] }>, Expand<{ a: 1[] }>>, false>>,
  Holds<Equal<Equal<Expand<{ a: { b: 1 } }>, Expand<{ a: { b: 2 } }>>, false>>,
];

export const minimal = defineRecipe({ method: 'sft', model: 'pocket', data: { train: 'a.jsonl' }, lr: 1e-4 });
// @ts-expect-error a key that does not exist
defineRecipe({ method: 'sft', model: 'pocket', data: { train: 'a.jsonl' }, lr: 1e-4, learningRate: 1 });
// @ts-expect-error a required key is missing
defineRecipe({ method: 'sft', model: 'pocket', lr: 1e-4 });
// @ts-expect-error a choice that does not exist
defineRecipe({ method: 'pretrain', model: 'pocket', data: { train: 'a.jsonl', overlong: 'cut' }, lr: 1e-4 });

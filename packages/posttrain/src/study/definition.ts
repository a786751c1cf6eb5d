import type { Recipe } from '../runs/recipe/recipe.generated.ts';

/** A value, or the list of values that a sweep tries. */
export type Swept<T> =
  | T
  | readonly T[]
  | (T extends readonly unknown[] ? never : T extends object ? { readonly [Key in keyof T]: Swept<T[Key]> } : never);

/** A recipe in which a list may stand for any value: each is tried. The seed is the study's. */
export type SweptRecipe = Recipe extends infer R
  ? R extends Recipe
    ? { readonly method: R['method'] } & {
        readonly [Key in keyof R as Exclude<Key, 'seed' | 'method'>]: Swept<R[Key]>;
      }
    : never
  : never;

/** What is compared: a recipe (a file or an object), a recipe with changes, or a model as it is, which is a control. */
export type StudyArm =
  | string
  | SweptRecipe
  | {
      readonly recipe: string | SweptRecipe;
      /** Keys of the recipe as on the command line: `lr`, `data.maxTokens`. A list makes a sweep. */
      readonly with?: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly model: string };

/** Which figure decides a sweep. It must not be of the documents that the arms are evaluated on. */
export interface ChooseKeys {
  readonly tasks: readonly string[];
  /** Files and folders by the names that tasks ask for. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** `task.metric`; the first metric of the first task when left out. */
  readonly metric?: string | undefined;
  /** The training seed of the sweep; the first of `seeds` when left out. */
  readonly seed?: number | undefined;
  readonly limit?: number | undefined;
}

/** What the arms are compared on. It is read once, after all training. */
export interface EvaluateKeys {
  readonly tasks: readonly string[];
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Documents of each task; all when left out. */
  readonly limit?: number | undefined;
  /** Differences that do not matter, by `task.metric`. */
  readonly margins?: Readonly<Record<string, number>> | undefined;
  /** Conditions on every arm but the baseline, such as `gsm8k.acc >= 0.4` or `change of gsm8k.acc > -0.02`. */
  readonly require?: readonly string[] | undefined;
  /** Of sampled answers, of `limit` and of resampling; 1 when left out. */
  readonly seed?: number | undefined;
  /** What answers are computed in; fp32 when left out. */
  readonly precision?: 'auto' | 'fp32' | 'bf16' | undefined;
}

/** A study: arms × training seeds, what decides their sweeps, and what they are compared on. */
export interface Study {
  readonly version?: 1 | undefined;
  /** The name of its folder; that of the file when left out. */
  readonly name?: string | undefined;
  readonly arms: Readonly<Record<string, StudyArm>>;
  /** Training seeds of every arm; 1 to 5 when left out. */
  readonly seeds?: readonly number[] | undefined;
  /** The arm that the others are compared with; the first when left out. */
  readonly baseline?: string | undefined;
  /** Needed where a recipe holds a sweep. */
  readonly choose?: ChooseKeys | undefined;
  readonly evaluate: EvaluateKeys;
  /** `unequal-tokens`: compare arms that were trained on different amounts of text; it is no claim then. */
  readonly allow?: readonly 'unequal-tokens'[] | undefined;
}

/** Gives a study in TypeScript its types and completion, and returns it as it is. */
export function defineStudy(study: Study): Study {
  return study;
}

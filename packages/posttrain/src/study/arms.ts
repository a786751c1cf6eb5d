import { existsSync } from 'node:fs';
import { type RecipeIssue, recipeError } from '../runs/recipe/issues.ts';
import { type ReadRecipe, readRecipe } from '../runs/recipe/load.ts';
import { applyOverrides, type Override } from '../runs/recipe/overrides.ts';
import { absolute, absolutePaths, modelPath } from '../runs/recipe/paths.ts';
import { resolveRecipe } from '../runs/recipe/resolve.ts';
import type { RecipeSource } from '../runs/recipe/source.ts';
import { validateRecipe } from '../runs/recipe/validate.ts';
import { shown } from '../runs/recipe/value-issues.ts';
import { type LoadedStudy, suggestion } from './load.ts';
import type { ArmPoint, ControlArm, ResolvedArm, TrainedArm } from './resolved-arm.ts';
import { sweepPoints } from './sweep.ts';

/**
 * Reads every recipe, sets its changes and spreads its lists out; each point is a checked recipe.
 * @throws PosttrainError `study-invalid` for an arm that is none, and what reading and checking its recipe throws
 */
export async function resolveArms({ study, source }: LoadedStudy): Promise<ResolvedArm[]> {
  const arms: ResolvedArm[] = [];
  for (const [name, arm] of Object.entries(study.arms)) arms.push(await resolveArm(name, arm, source));
  return arms;
}

async function resolveArm(name: string, arm: unknown, source: RecipeSource): Promise<ResolvedArm> {
  if (typeof arm === 'string') return trainedArm(name, await recipeFile(arm, source), [], source.folder);
  if (isMapping(arm)) {
    if ('method' in arm) return trainedArm(name, inlineRecipe(arm, source, ['arms', name]), [], source.folder);
    if ('recipe' in arm) return changedRecipe(name, arm, source);
    if ('model' in arm) return controlArm(name, arm, source);
  }
  const message = `arms.${name} is ${shown(arm)}, but must be a recipe file, a recipe, { recipe, with } or { model }.`;
  throw armError(source, { path: ['arms', name], message, help: 'a recipe has a method.' });
}

function controlArm(name: string, arm: Mapping, source: RecipeSource): ControlArm {
  refuseOtherKeys(name, arm, ['model'], source);
  const { model } = arm;
  if (typeof model !== 'string' || model === '')
    throw armError(source, {
      path: ['arms', name, 'model'],
      message: `arms.${name}.model is ${shown(model)}, but must be text.`,
    });
  return { name, kind: 'control', model: modelPath(model, source.folder) };
}

async function changedRecipe(name: string, arm: Mapping, source: RecipeSource): Promise<TrainedArm> {
  refuseOtherKeys(name, arm, ['recipe', 'with'], source);
  const { recipe, with: changes = {} } = arm;
  if (!isMapping(changes))
    throw armError(source, {
      path: ['arms', name, 'with'],
      message: `arms.${name}.with is ${shown(changes)}, but must be a mapping of keys.`,
      help: 'such as with: { lr: [1e-3, 3e-3, 1e-2], data.maxTokens: 512 }.',
    });
  const overrides = Object.entries(changes).map(
    ([path, value]): Override => ({ path, value, text: `${path}=${JSON.stringify(value)} of arm ${name}` }),
  );
  if (typeof recipe === 'string') return trainedArm(name, await recipeFile(recipe, source), overrides, source.folder);
  if (isMapping(recipe))
    return trainedArm(name, inlineRecipe(recipe, source, ['arms', name, 'recipe']), overrides, source.folder);
  throw armError(source, {
    path: ['arms', name, 'recipe'],
    message: `arms.${name}.recipe is ${shown(recipe)}, but must be a recipe file or a recipe.`,
  });
}

function refuseOtherKeys(name: string, arm: Mapping, keys: readonly string[], source: RecipeSource): void {
  const other = Object.keys(arm).find((key) => !keys.includes(key));
  if (other === undefined) return;
  const message = `unknown key "arms.${name}.${other}".`;
  throw armError(source, { path: ['arms', name, other], at: 'key', message, help: suggestion(other, keys) });
}

async function recipeFile(file: string, source: RecipeSource): Promise<ReadRecipe> {
  const path = absolute(file, source.folder);
  // Messages name the file as the study does where that leads there.
  return readRecipe(existsSync(file) && absolute(file, process.cwd()) === path ? file : path, process.cwd());
}

/** A recipe that stands in the study: its lines are the study's. */
function inlineRecipe(recipe: Mapping, source: RecipeSource, at: readonly string[]): ReadRecipe {
  const locate =
    source.locate &&
    ((path: readonly (string | number)[], which: 'key' | 'value') => source.locate!([...at, ...path], which));
  return {
    value: recipe,
    source: { ...source, text: undefined, locate },
    given: { name: 'recipe.json', text: `${JSON.stringify(recipe, null, 2)}\n` },
  };
}

async function trainedArm(
  name: string,
  read: ReadRecipe,
  changes: readonly Override[],
  studyFolder: string,
): Promise<TrainedArm> {
  const source: RecipeSource = { ...read.source, overridden: changes };
  const changed = applyOverrides(read.value, changes);
  if (isMapping(changed) && Array.isArray(changed['seed']))
    throw recipeError(
      [
        {
          path: ['seed'],
          at: 'value',
          message: 'seed is a list.',
          help: 'training seeds stand under seeds of the study.',
        },
      ],
      source,
    );
  const found = sweepPoints(changed, `arm ${name}`);
  const points: ArmPoint[] = [];
  for (const { name: point, values, recipe: written } of found) {
    const { input } = validateRecipe(written, source);
    const recipe = absolutePaths(input, source, studyFolder);
    points.push({ name: point, values, recipe, resolved: await resolveRecipe({ recipe }) });
  }
  const [first] = points;
  return {
    name,
    kind: 'trained',
    method: first!.recipe.method,
    model: first!.recipe.model,
    swept: Object.keys(first!.values),
    points,
    ownSeed: first!.recipe.seed ?? null,
  };
}

function armError(source: RecipeSource, issue: Omit<RecipeIssue, 'at'> & { readonly at?: 'key' }) {
  return recipeError([{ at: 'value', ...issue }], source, 'study');
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

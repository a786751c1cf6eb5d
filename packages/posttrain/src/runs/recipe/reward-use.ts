import { basename } from 'node:path';
import type { Reward } from '../../scoring/index.ts';
import { builtInRewards } from './builtin-rewards.ts';

/** Where the name of a function stands for the function itself, in a recipe that was written down. */
export const functionPrefix = 'function:';

/** What `use` of a reward names: a function of the program, a built-in, a judge, a function of a file, or the folder of a reward model. */
export type RewardKind = 'function' | 'built-in' | 'judge' | 'file' | 'model';

/** What judges take of `with`. */
const judgeOptions = {
  judge: ['model', 'principles', 'principle', 'precision', 'threads'],
  rubric: ['model', 'criteria', 'precision', 'threads'],
} as const;

/** Every word that may stand for a reward. */
export const rewardWords: readonly string[] = [...Object.keys(builtInRewards), ...Object.keys(judgeOptions)];

/** By its spelling alone: a path without `#` and without the ending of a program is a folder. */
export function rewardKind(use: string | Reward<never>): RewardKind {
  if (typeof use === 'function' || use.startsWith(functionPrefix)) return 'function';
  if (Object.hasOwn(builtInRewards, use)) return 'built-in';
  if (Object.hasOwn(judgeOptions, use)) return 'judge';
  return use.includes('#') || program.test(use) ? 'file' : 'model';
}

/** Whether `use` is a path, which starts at the folder of the recipe. */
export function namesPath(use: string): boolean {
  return ['file', 'model'].includes(rewardKind(use));
}

/** `./rewards.ts#cited` in its parts; without `#`, the file's default export. */
export function rewardReference(use: string): { readonly file: string; readonly name: string } {
  const at = use.lastIndexOf('#');
  return at < 0 ? { file: use, name: 'default' } : { file: use.slice(0, at), name: use.slice(at + 1) };
}

/** The keys of `with` that mean something to it. */
export function optionsOf(use: string | Reward<never>): readonly string[] {
  switch (rewardKind(use)) {
    case 'model':
      return ['precision', 'threads'];
    case 'judge':
      return judgeOptions[use as keyof typeof judgeOptions];
    case 'built-in':
      return builtInRewards[use as string]!.options.map((key) => key.replace('!', ''));
    default:
      return [];
  }
}

/** The keys of `with` that it cannot be without. */
export function requiredOptionsOf(use: string | Reward<never>): readonly string[] {
  const kind = rewardKind(use);
  if (kind === 'judge') return ['model'];
  if (kind !== 'built-in') return [];
  return builtInRewards[use as string]!.options.flatMap((key) => (key.endsWith('!') ? [key.slice(0, -1)] : []));
}

/** How logs, metrics and errors call what `use` names, where the recipe gives it no name of its own. */
export function rewardName(use: string | Reward<never>): string {
  switch (rewardKind(use)) {
    case 'function':
      if (typeof use === 'function') return use.name === '' ? '(unnamed)' : use.name;
      return use.slice(functionPrefix.length);
    case 'built-in':
    case 'judge':
      return use as string;
    case 'model':
      return basename((use as string).replace(checkpoint, ''));
    case 'file': {
      const { file, name } = rewardReference(use as string);
      return name === 'default' ? basename(file).replace(program, '') : name;
    }
  }
}

const program = /\.[cm]?[jt]s$/;
/** A checkpoint of a run is called by the run. */
const checkpoint = /[/\\]checkpoints[/\\]step-\d+[/\\]?$/;

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { loadRuns } from './library.ts';

/**
 * The function that `./rewards.ts#cited` names; without `#`, the file's default export. The file's code runs, because it is named.
 * @throws PosttrainError `file-missing`; `reward-invalid` where the file fails or exports no such function, with what it exports
 */
export async function loadReward(reference: string): Promise<Reward<Readonly<Record<string, unknown>>>> {
  const [file = '', name = 'default'] = reference.split('#');
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new PosttrainError('file-missing', `There is no file ${file}.`, {
      help: 'a reward is named as ./rewards.ts#name: a file, and a function that it exports.',
    });
  }
  const { importModule } = await loadRuns();
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await importModule(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('reward-invalid', `the reward file failed: ${message}`, { place: { file }, cause });
  }
  const reward = exported[name];
  if (typeof reward === 'function') return reward as Reward<Readonly<Record<string, unknown>>>;
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function');
  throw new PosttrainError('reward-invalid', `${file} exports no function ${name}.`, {
    place: { file },
    help: functions.length > 0 ? `it exports ${functions.join(', ')}.` : 'it exports no function at all.',
  });
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { answerReward, named, numberReward, type Reward } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { importModule } from './load-code.ts';

/** What a recipe may name as `use` of a reward: a built-in by its name, a function of a file, or a function itself. */

type Row = Readonly<Record<string, unknown>>;
type AnyReward = Reward<Row>;

/** Where the name of a function stands for the function itself, in a recipe that was written down. */
const functionPrefix = 'function:';

const builtIns: Readonly<Record<string, () => AnyReward>> = {
  exact: () => named('exact', answerReward<Row>({ gold: goldOf })),
  number: () => named('number', numberReward<Row>({ gold: (row) => String(firstOf(goldOf(row))) })),
};

function goldOf({ answer }: Row): string | readonly string[] {
  if (typeof answer === 'string') return answer;
  if (typeof answer === 'number') return String(answer);
  if (Array.isArray(answer) && answer.length > 0 && answer.every((one) => typeof one === 'string')) return answer;
  throw new PosttrainError('data-invalid', `the row's "answer" is ${JSON.stringify(answer) ?? 'missing'}.`, {
    help: 'exact and number compare with the key answer of each row: a text, or a list of texts.',
  });
}

const firstOf = (gold: string | readonly string[]) => (typeof gold === 'string' ? gold : gold[0]!);

/** Whether `use` names a function of a file. */
export function namesFile(use: string): boolean {
  return !(use in builtIns) && !use.startsWith(functionPrefix);
}

/** `./rewards.ts#cited` in its parts; without `#`, the file's default export. */
export function rewardReference(use: string): { readonly file: string; readonly name: string } {
  const at = use.lastIndexOf('#');
  return at < 0 ? { file: use, name: 'default' } : { file: use.slice(0, at), name: use.slice(at + 1) };
}

/** How logs, metrics and errors call what `use` names. */
export function rewardName(use: string | Reward<never>): string {
  if (typeof use === 'function') return use.name === '' ? '(unnamed)' : use.name;
  if (use.startsWith(functionPrefix)) return use.slice(functionPrefix.length);
  if (!namesFile(use)) return use;
  const { file, name } = rewardReference(use);
  return name === 'default' ? file.slice(file.lastIndexOf('/') + 1).replace(/\.\w+$/, '') : name;
}

/** A `use` as it is written down, with the hash of the code behind it. */
export function writtenReward(use: string | Reward<never>): { readonly use: string; readonly sha256?: string } {
  if (typeof use === 'function') return { use: functionPrefix + rewardName(use), sha256: sha256(String(use)) };
  if (!namesFile(use)) return { use };
  const { file } = rewardReference(use);
  return existsSync(file) ? { use, sha256: sha256(readFileSync(file)) } : { use };
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface LoadRewardOptions {
  /** The recipe's folder, which code of a recipe may not leave; undefined: any file. */
  readonly within?: string | undefined;
}

/**
 * The function that `use` names. A file's code runs, because it is named.
 * @throws PosttrainError `file-missing`; `reward-invalid` where the file fails or exports no such function, with what it exports;
 *   `folder-unsafe` where the file lies outside `within`
 */
export async function loadReward(use: string | Reward<never>, { within }: LoadRewardOptions = {}): Promise<AnyReward> {
  if (typeof use === 'function') return use as AnyReward;
  if (use.startsWith(functionPrefix))
    throw new PosttrainError(
      'reward-invalid',
      `${rewardName(use)} was a function of a program, and stands in no file.`,
      {
        help: 'start the run from that program, or move the function to a file: ./rewards.ts#name.',
      },
    );
  const builtIn = builtIns[use];
  if (builtIn) return builtIn();
  const { file, name } = rewardReference(use);
  if (!existsSync(file))
    throw new PosttrainError('file-missing', `There is no file ${relative(process.cwd(), file)}.`, {
      help: `a reward is named as ./rewards.ts#name (a file, and a function that it exports), or is ${nearestFirst(use, Object.keys(builtIns)).join(' or ')}.`,
    });
  if (within !== undefined) refuseOutside(file, within);
  const exported = await importReward(file);
  const reward = exported[name];
  if (typeof reward === 'function') return named(rewardName(use), (...call) => (reward as AnyReward)(...call));
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function');
  throw new PosttrainError('reward-invalid', `${file} exports no function ${name}.`, {
    place: { file },
    help: functions.length > 0 ? `it exports ${functions.join(', ')}.` : 'it exports no function at all.',
  });
}

function refuseOutside(file: string, folder: string): void {
  const path = relative(folder, file);
  if (!path.startsWith('..') && !isAbsolute(path)) return;
  throw new PosttrainError('folder-unsafe', `the reward ${file} lies outside the recipe's folder ${folder}.`, {
    help: '--allow-code (in TypeScript allowCode: true) runs it all the same; move it beside the recipe to need neither.',
    place: { file },
  });
}

async function importReward(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importModule(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('reward-invalid', `the reward file failed: ${message}`, { place: { file }, cause });
  }
}

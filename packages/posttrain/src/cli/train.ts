import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { formatBytes, formatCount } from '../support/terminal/format.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forgettingFacts } from './forgetting-facts.ts';
import { loadLibrary, loadRuns } from './library.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { renderFacts } from './run-course.ts';
import { newestRunFolder, nextRunFolder } from './run-folder-name.ts';
import { shownPath } from './shown-path.ts';
import { signalExitCode } from './stop-signals.ts';
import { type Watched, watchRun } from './watch-run.ts';

export interface TrainCommandOptions {
  readonly dir?: string;
  readonly resume?: boolean;
  readonly allowCode?: boolean;
  readonly dryRun?: boolean;
  readonly threads?: number;
}

export async function trainCommand(
  recipeFile: string,
  overrides: readonly string[],
  options: TrainCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const changes = options.threads === undefined ? overrides : [...overrides, `threads=${options.threads}`];
  if (options.dryRun) return dryRun(recipeFile, changes, output);
  const { loadRecipe } = await loadRuns();
  // A wrong recipe is reported before anything is fetched, built or made.
  const { recipe } = await loadRecipe(recipeFile, changes);
  const dir = await chooseFolder(recipeFile, options);
  await prepareEngine(output);
  const { train } = await loadLibrary();
  output.note(output.noteColours.dim(`run folder ${dir}`));
  const run = train(recipeFile, {
    dir,
    overrides: changes,
    resume: options.resume === true,
    allowCode: options.allowCode === true,
  });
  const watched = await watchRun(run, recipe.method, output);
  if (!output.json) present(watched, nextCommand(watched, recipe.method, [recipeFile, ...changes], dir), output);
  return watched.signal === undefined ? exitCode.ok : signalExitCode[watched.signal];
}

function nextCommand({ signal }: Watched, method: string, call: readonly string[], dir: string): string {
  // A reward model predicts no text to chat with.
  if (signal === undefined)
    return method === 'reward-model' ? `posttrain rewards score ${dir} --pairs FILE` : `posttrain chat ${dir}`;
  return `posttrain train ${call.join(' ')} --dir ${dir} --resume`;
}

function present({ course, result, signal }: Watched, next: string, output: Output): void {
  const plot = course.plot(output.width);
  if (plot !== '') output.result(`\n${plot}\n`);
  if (signal !== undefined) output.result(`Stopped after step ${result.steps}.`);
  output.result(
    renderFacts([
      ...course.summary(),
      ...forgettingFacts(result.forgetting),
      ['checkpoint', shownPath(result.checkpoint)],
      ['next', next],
    ]),
  );
}

/** With --dir a resume begins a run where there is none yet, so that a job that is requeued has one command for both. */
async function chooseFolder(recipeFile: string, { dir, resume }: TrainCommandOptions): Promise<string> {
  if (dir !== undefined) return dir;
  if (!resume) return nextRunFolder(recipeFile);
  const newest = await newestRunFolder(recipeFile);
  if (newest !== undefined) return newest;
  throw new PosttrainError('file-missing', `There is no run of ${recipeFile} to resume.`, {
    help: '--dir names the folder of the run; without --resume a new run begins.',
  });
}

/** Checks and resolves the recipe; loads no data, no model and no libtorch. */
async function dryRun(recipeFile: string, overrides: readonly string[], output: Output): Promise<ExitCode> {
  const { loadRecipe, resolveRecipe } = await loadRuns();
  const resolved = await resolveRecipe(await loadRecipe(recipeFile, overrides));
  if (output.json) output.data(resolved);
  else output.result((await import('yaml')).stringify(resolved).trimEnd());
  output.note(await memoryLine(resolved));
  return exitCode.ok;
}

async function memoryLine(resolved: ResolvedRecipe): Promise<string> {
  const { estimateMemory } = await loadLibrary();
  try {
    const { states, activations, microBatch, longestPack, precision } = await estimateMemory(resolved);
    const pass = `${formatCount(microBatch)} × ${formatCount(longestPack)} tokens at a time`;
    const parts = `weights and optimizer ${formatBytes(states)}, ${pass} ${formatBytes(activations)}`;
    return `memory about ${formatBytes(states + activations)} at most in ${precision}: ${parts}`;
  } catch (error) {
    if (!PosttrainError.is(error)) throw error;
    return `memory not known: ${error.message}`;
  }
}

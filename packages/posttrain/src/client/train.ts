import { resolve } from 'node:path';
import { EngineProcess } from '../engine/host.ts';
import type { AskScore, TrainRequest } from '../engine/protocol.ts';
import type { Stopping } from '../engine/stopping.ts';
import { placedInRecipe } from '../runs/recipe/issues.ts';
import { loadRecipe } from '../runs/recipe/load.ts';
import type { Recipe } from '../runs/recipe/recipe.generated.ts';
import { resolveRecipe } from '../runs/recipe/resolve.ts';
import { LoadedRewards } from './load-rewards.ts';
import { RewardDesk } from './reward-desk.ts';
import { type Launch, Run } from './run.ts';

export interface TrainOptions {
  /** The run folder. It must not exist yet, or be empty, unless `resume` is set. */
  readonly dir: string;
  /**
   * When it is aborted, the run writes a checkpoint, then `result` rejects with the signal's reason. Before the run has
   * a folder it rejects at once.
   */
  readonly signal?: AbortSignal;
  /** Go on from the folder's last good checkpoint, bit for bit. A folder without a run starts one. */
  readonly resume?: boolean;
  /** Changes to the recipe such as `lr=2e-5`. */
  readonly overrides?: readonly string[];
  /** Run rewards, or a method, that a recipe file names outside its own folder. */
  readonly allowCode?: boolean;
  readonly onWarning?: (message: string) => void;
  /** Compute in this process instead of a child: for tests and for one process per device. It blocks the event loop. */
  readonly inProcess?: boolean;
}

/**
 * Trains by a recipe: an object, or the path of a .yaml, .json or .ts file. Returns at once.
 *
 * @example
 * const run = train({ method: 'sft', model: 'pocket', data: { train: 'chat.jsonl' }, lr: 1e-3 }, { dir: 'runs/a' });
 * for await (const event of run) if (event.type === 'step') console.log(event.step, event.loss);
 * const { checkpoint } = await run.result;
 */
export function train(recipe: Recipe | string, options: TrainOptions): Run {
  const dir = resolve(options.dir);
  const launch: Launch = async (onEvent, stopping) => {
    const loaded = await loadRecipe(recipe, options.overrides ?? []);
    const request: TrainRequest = {
      recipe: await resolveRecipe(loaded),
      given: loaded.given,
      overrides: loaded.overrides,
      dir,
      codeFolder: folderOfCode(recipe, loaded.folder, options),
      resume: options.resume ?? false,
    };
    await using rewards = await LoadedRewards.of(loaded.recipe, request.recipe, request.codeFolder);
    const desk = new RewardDesk(rewards.list, stopping.stop);
    const score: AskScore = (question) => desk.score(question);
    const start = options.inProcess ? trainHere : trainInEngine;
    try {
      return await start(request, onEvent, stopping, score);
    } catch (thrown) {
      throw placedInRecipe(thrown, loaded.source);
    }
  };
  return new Run(dir, launch, options.signal, options.onWarning);
}

/** Where the code that a recipe file names must lie; undefined: anywhere. A program that trains could run it itself. */
function folderOfCode(recipe: Recipe | string, folder: string, { allowCode }: TrainOptions): string | undefined {
  return typeof recipe === 'string' && allowCode !== true ? folder : undefined;
}

const trainInEngine = async (
  request: TrainRequest,
  onEvent: Parameters<Launch>[0],
  { stop, abort }: Stopping,
  score: AskScore,
) => {
  await using engine = new EngineProcess();
  const running = engine.request('train', request, onEvent, score);
  if (stop.aborted) running.stop();
  if (abort.aborted) running.abort();
  stop.addEventListener('abort', running.stop, { once: true });
  abort.addEventListener('abort', running.abort, { once: true });
  try {
    return await running.result;
  } finally {
    stop.removeEventListener('abort', running.stop);
    abort.removeEventListener('abort', running.abort);
  }
};

const trainHere = async (
  request: TrainRequest,
  onEvent: Parameters<Launch>[0],
  stopping: Stopping,
  score: AskScore,
) => {
  const { runSession } = await import('../train/session.ts');
  return runSession(request, onEvent, stopping, score);
};

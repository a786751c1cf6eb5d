/** A program that trains as a user's does and tells its parent what happens, so that a test can kill it or its engine. */
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { train } from '../client/train.ts';
import type { TrainResult } from '../engine/protocol.ts';
import type { RunEvent } from '../runs/events.ts';
import type { Recipe } from '../runs/recipe/recipe.generated.ts';
import { type SerializedError, serializeError, toPosttrainError } from '../support/errors.ts';

/** What the parent passes, as the one argument, in JSON. A folder with a run in it is gone on with. */
export interface TrainingOrder {
  readonly recipe: Recipe;
  readonly dir: string;
}

export type FromTrainingHost =
  | { readonly type: 'engine'; readonly pid: number }
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'result'; readonly result: TrainResult }
  | { readonly type: 'error'; readonly error: SerializedError };

const tell = (message: FromTrainingHost) => new Promise<void>((sent) => process.send!(message, () => sent()));

// The channel speaks before the process has its number.
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  setImmediate(() => child.pid !== undefined && void tell({ type: 'engine', pid: child.pid }));
});

const { recipe, dir } = JSON.parse(process.argv[2]!) as TrainingOrder;
const run = train(recipe, { dir, resume: true });
try {
  for await (const event of run) void tell({ type: 'event', event });
  await tell({ type: 'result', result: await run.result });
} catch (error) {
  await tell({ type: 'error', error: serializeError(toPosttrainError(error)) });
}
process.disconnect();

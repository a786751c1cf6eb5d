import { loadModel } from '../client/model.ts';
import type { RunResult } from '../client/run.ts';
import { train } from '../client/train.ts';
import { type EvalModel, folderModel } from '../evaluate/index.ts';
import { engineName } from '../native/engine-name.ts';
import { ensureEngine } from '../native/setup.ts';
import type { Recipe, RunEvent } from '../runs/index.ts';

/** What a study trains and answers with: the engine, or a stand-in that knows the results. */
export interface Workbench {
  /** Trains into a folder, and goes on where the folder holds a run that was interrupted. */
  train(
    recipe: Recipe,
    options: { readonly dir: string; readonly signal: AbortSignal },
  ): AsyncIterable<RunEvent> & { readonly result: Promise<Pick<RunResult, 'checkpoint'>> };
  /** Opens a model folder, or a model by its name, to answer tasks. */
  open(
    model: string,
    options: { readonly id: string; readonly precision: 'auto' | 'fp32' | 'bf16' },
  ): Promise<EvalModel & Partial<AsyncDisposable>>;
}

/** Engine processes: one for each run, one for each model that answers. @param threads CPU threads; the recipe's without */
export function engineWorkbench(threads?: number): Workbench {
  return {
    train: (recipe, { dir, signal }) =>
      train(threads === undefined ? recipe : { ...recipe, threads }, { dir, signal, resume: true }),
    open: async (folder, { id, precision }) => {
      const engine = engineName(await ensureEngine());
      const model = await loadModel(folder, { precision, threads: threads ?? 'auto' });
      try {
        const evaluated = await folderModel(model, { id, precision, engine });
        return { ...evaluated, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
      } catch (error) {
        await model[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

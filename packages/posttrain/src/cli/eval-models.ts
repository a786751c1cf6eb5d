import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { endpointOf } from '../evaluate/endpoint/endpoint-target.ts';
import type { ClosedModel, EvalModel, Judge, RunForgetting } from '../evaluate/index.ts';
import { engineName } from '../native/engine-name.ts';
import { PosttrainError } from '../support/errors.ts';
import { formatBytes } from '../support/terminal/format.ts';
import { loadLibrary, loadRuns } from './library.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';

export interface EvalModelOptions {
  readonly precision: string;
  readonly threads?: number;
}

type Evaluate = typeof import('../evaluate/index.ts');

/** What the words of the command line name: folders, which are opened when their turn comes, and endpoints. */
export async function evaluatedModels(
  targets: readonly string[],
  options: EvalModelOptions,
  evaluate: Evaluate,
  output: Output,
  signal: AbortSignal,
): Promise<(EvalModel | ClosedModel)[]> {
  const ids = shortNames(targets);
  const folders = targets.filter((target) => endpointOf(target) === null);
  for (const folder of folders) await findModelFolder(folder);
  const engine = folders.length > 0 ? await engineFacts(output) : '';
  const models: (EvalModel | ClosedModel)[] = [];
  for (const [i, target] of targets.entries()) {
    const id = ids[i]!;
    const endpoint = endpointOf(target);
    if (endpoint) models.push(await evaluate.EndpointModel.connect({ ...endpoint, id }, { signal }));
    else models.push({ id, open: () => openFolder(target, id, engine, options, evaluate, output) });
  }
  return models;
}

async function openFolder(
  target: string,
  id: string,
  engine: string,
  { precision, threads }: EvalModelOptions,
  evaluate: Evaluate,
  output: Output,
): Promise<EvalModel & AsyncDisposable> {
  const { folder, warnings } = await findModelFolder(target);
  for (const warning of warnings) output.warn(warning);
  output.progress(() => `loading ${folder}`);
  const { loadModel } = await loadLibrary();
  const model = await loadModel(folder, { precision: precisionOf(precision), threads: threads ?? 'auto' });
  try {
    const evaluated = await evaluate.folderModel(model, { id, precision, engine });
    return { ...evaluated, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

function precisionOf(text: string): 'auto' | 'fp32' | 'bf16' {
  if (text === 'auto' || text === 'fp32' || text === 'bf16') return text;
  throw new PosttrainError('usage', `--precision is ${text}.`, { help: 'it is auto, fp32 or bf16.' });
}

/** What computes, as a part of every model's fingerprint. Sets the engine up where it is not yet. */
async function engineFacts(output: Output): Promise<string> {
  await prepareEngine(output);
  const { ensureEngine } = await loadLibrary();
  return engineName(await ensureEngine());
}

export interface NamedJudge extends AsyncDisposable {
  readonly judge: Judge;
  readonly calibration: Awaited<ReturnType<Evaluate['calibrateJudge']>> | null;
}

/** The judge that --judge names, held to the items of --judge-labels. */
export async function judgeOf(
  options: EvalModelOptions & { readonly judge?: string; readonly judgeLabels?: string },
  evaluate: Evaluate,
  output: Output,
  signal: AbortSignal,
): Promise<NamedJudge | null> {
  if (options.judge === undefined) return null;
  const items = options.judgeLabels === undefined ? null : evaluate.readLabelledItems(options.judgeLabels);
  const opened = await openJudge(options.judge, options, evaluate, output);
  const calibration = items && (await evaluate.calibrateJudge(opened.judge, items, { signal }));
  return { ...opened, calibration };
}

/** The judge that a word of the command line names. */
export async function openJudge(
  target: string,
  options: EvalModelOptions,
  evaluate: Evaluate,
  output: Output,
): Promise<{ judge: Judge } & AsyncDisposable> {
  const endpoint = endpointOf(target);
  if (endpoint) return { judge: evaluate.endpointJudge(endpoint), [Symbol.asyncDispose]: async () => {} };
  const engine = await engineFacts(output);
  const model = await openFolder(target, basename(resolve(target)), engine, options, evaluate, output);
  return { judge: evaluate.modelJudge(model), [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

/** Above this, reading all training data takes longer than most evaluations. */
const readilyRead = 256 << 20;

/** The last run among the models, whose training data the documents are looked for in: where it is there, and not huge. */
export async function trainingRun(targets: readonly string[], output: Output): Promise<string | undefined> {
  const run = targets.map(runFolderOf).findLast((folder) => folder !== undefined);
  if (run === undefined) return undefined;
  const { readResolved } = await loadRuns();
  const paths = readResolved(run).data.train.map(({ path }) => path);
  const gone = paths.find((path) => !existsSync(path));
  if (gone !== undefined) {
    output.warn(`documents are not looked for in the training data of ${run}: ${gone} is gone`);
    return undefined;
  }
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  if (bytes <= readilyRead) return run;
  output.warn(`documents are not looked for in the ${formatBytes(bytes)} of training data; --training ${run} does`);
  return undefined;
}

/** The runs that targets are, or are checkpoints of, each once. */
export function runFoldersOf(targets: readonly string[]): string[] {
  return [...new Set(targets.map(runFolderOf).filter((folder) => folder !== undefined))];
}

/** What the runs among the models said about their own forgetting, by the model's name in reports. */
export function runReports(targets: readonly string[], evaluate: Evaluate): Record<string, RunForgetting> {
  const ids = shortNames(targets);
  return Object.fromEntries(
    targets.flatMap((target, i) => {
      const run = runFolderOf(target);
      const report = run === undefined ? null : evaluate.forgettingOf(run);
      return report === null ? [] : [[ids[i]!, report]];
    }),
  );
}

/** The run folder that a target is, or is a checkpoint of. */
function runFolderOf(target: string): string | undefined {
  return [target, join(target, '..', '..')].find((folder) => existsSync(join(folder, 'resolved.json')));
}

/** The last part of each path, with its run for a checkpoint; whole paths where that would be the same twice. */
export function shortNames(targets: readonly string[]): string[] {
  const short = targets.map((target) => {
    const endpoint = endpointOf(target);
    if (endpoint) return endpoint.model;
    const parts = target.split(/[\\/]+/).filter((part) => part !== '' && part !== '.');
    const checkpoint = parts.at(-2) === 'checkpoints' && parts.length >= 3;
    return checkpoint ? `${parts.at(-3)}/${parts.at(-1)}` : (parts.at(-1) ?? target);
  });
  return short.map((name, i) => (short.indexOf(name) === short.lastIndexOf(name) ? name : targets[i]!));
}

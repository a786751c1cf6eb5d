import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { digest } from '../evaluate/digest.ts';
import {
  builtInTasks,
  dataName,
  describeRequirement,
  loadTasks,
  parseRequirement,
  type Task,
} from '../evaluate/index.ts';
import { checkNames } from '../evaluate/results/check-names.ts';
import { fingerprintFile } from '../runs/index.ts';
import { absolute } from '../runs/recipe/paths.ts';
import { PosttrainError } from '../support/errors.ts';
import { resolveArms } from './arms.ts';
import { type LoadedStudy, suggestion } from './load.ts';
import type { PlannedArm, PlannedChoice, PlannedEvaluation, PlannedTask, PreparedStudy, StudyPlan } from './plan.ts';
import type { ResolvedArm } from './resolved-arm.ts';

/**
 * Resolves all that a study names and lays down the plan. Reads recipes, task files and the hashes of training files; no document
 * of a task, and no model.
 *
 * @param known tasks that the study may name beside those of the package
 * @throws PosttrainError `study-invalid`, `usage`, and what reading recipes and tasks throws
 */
export async function prepareStudy(loaded: LoadedStudy, known: readonly Task[] = []): Promise<PreparedStudy> {
  const { study, name, source } = loaded;
  const arms = await resolveArms(loaded);
  const tasksOf = (names: readonly string[]) =>
    loadTasks(
      names.map((task) => (isCode(task) ? absolute(task, source.folder) : task)),
      [...known, ...builtInTasks],
    );
  const evaluateTasks = await tasksOf(study.evaluate.tasks);
  const sweeps = arms.filter((arm) => arm.kind === 'trained' && arm.points.length > 1);
  if (sweeps.length > 0 && study.choose === undefined)
    throw new PosttrainError(
      'study-invalid',
      `the arm ${sweeps[0]!.name} holds a sweep, and nothing says how to choose.`,
      {
        help: 'write choose: { tasks: […] } with development documents, which are not those of evaluate.',
      },
    );
  const chooseTasks = sweeps.length > 0 ? await tasksOf(study.choose!.tasks) : [];
  const data = (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(given).map(([key, path]) => [key, absolute(path, source.folder)]));
  const evaluate = study.evaluate;
  const requirements = evaluate.require.map(parseRequirement);
  for (const tasks of [chooseTasks, evaluateTasks]) refuseJudged(tasks);
  checkNames({ requirements, margins: evaluate.margins }, evaluateTasks, arms.length);
  const facts: Omit<StudyPlan, 'hash'> = {
    version: 1,
    name,
    baseline: study.baseline ?? arms[0]!.name,
    seeds: study.seeds,
    arms: arms.map(plannedArm),
    choose: sweeps.length > 0 ? plannedChoice(study.choose!, chooseTasks, data, study.seeds[0]!) : null,
    evaluate: {
      tasks: evaluateTasks.map(plannedTask),
      data: data(evaluate.data),
      limit: evaluate.limit ?? null,
      ...{ seed: evaluate.seed, precision: evaluate.precision, margins: evaluate.margins },
      require: requirements.map(describeRequirement),
    },
    allow: study.allow,
    files: await hashesOf([
      ...trainingFiles(arms),
      ...[...evaluate.tasks, ...(study.choose?.tasks ?? [])]
        .filter(isCode)
        .map((file) => absolute(file, source.folder)),
    ]),
  };
  if (facts.choose) refuseSameDocuments(facts.choose, facts.evaluate, chooseTasks);
  const plan = { ...facts, hash: digest(facts) };
  return { plan, arms, chooseTasks, evaluateTasks, requirements, given: loaded.given, remarks: planRemarks(arms) };
}

const isCode = (name: string) => /\.[cm]?[jt]s$/.test(name);

const plannedTask = ({ name, version }: Task): PlannedTask => ({ name, version });

function plannedArm(arm: ResolvedArm): PlannedArm {
  if (arm.kind === 'control') return { name: arm.name, model: arm.model, method: null, swept: [], points: [] };
  const points = arm.points.map(({ name, values, resolved: { seed: _, threads: __, every: ___, ...recipe } }) => ({
    name,
    values,
    recipe,
  }));
  return { name: arm.name, model: arm.model, method: arm.method, swept: arm.swept, points };
}

function plannedChoice(
  choose: NonNullable<LoadedStudy['study']['choose']>,
  tasks: readonly Task[],
  data: (given: Readonly<Record<string, string>>) => Record<string, string>,
  firstSeed: number,
): PlannedChoice {
  const [task, metric] = choiceMetric(choose.metric, tasks);
  return {
    tasks: tasks.map(plannedTask),
    data: data(choose.data),
    task,
    metric,
    seed: choose.seed ?? firstSeed,
    limit: choose.limit ?? null,
  };
}

/** @returns the task's name and the metric's */
function choiceMetric(name: string | undefined, tasks: readonly Task[]): readonly [string, string] {
  const figures = tasks.flatMap((task) => Object.keys(task.metrics).map((metric) => [task.name, metric] as const));
  if (name === undefined) return figures[0]!;
  const found = figures.find(([task, metric]) => name === `${task}.${metric}`);
  if (found) return found;
  // With one task its metric says enough.
  const bare = figures.filter(([, metric]) => metric === name);
  if (bare.length === 1) return bare[0]!;
  throw new PosttrainError('study-invalid', `choose.metric is ${JSON.stringify(name)}, and no task of choose has it.`, {
    help: suggestion(
      name,
      figures.map((parts) => parts.join('.')),
    ),
  });
}

function refuseJudged(tasks: readonly Task[]): void {
  const judged = tasks.find((task) => task.judged);
  if (judged === undefined) return;
  throw new PosttrainError('study-invalid', `task ${judged.name} needs a judge, and a study has none.`, {
    help: 'leave it out, and ask it of the checkpoints with posttrain eval --judge.',
  });
}

/** A sweep that is decided on the test would make the test part of the training. */
function refuseSameDocuments(choose: PlannedChoice, evaluate: PlannedEvaluation, tasks: readonly Task[]): void {
  for (const task of tasks) {
    if (!evaluate.tasks.some(({ name }) => name === task.name)) continue;
    const data = dataName(task);
    if (data !== null && choose.data[data] !== evaluate.data[data]) continue;
    throw new PosttrainError(
      'study-invalid',
      `choose and evaluate both read ${task.name}: the sweep would be decided on the test.`,
      {
        help: data === null ? 'choose by another task.' : `give choose.data.${data} a file of development documents.`,
      },
    );
  }
}

function trainingFiles(arms: readonly ResolvedArm[]): string[] {
  return arms.flatMap((arm) => {
    if (arm.kind === 'control') return [];
    return arm.points.flatMap(({ resolved: { data, replay } }) => [
      ...data.train.map(({ path }) => path),
      ...(typeof data.validation === 'string' ? [data.validation] : []),
      ...(replay ? [replay.path] : []),
    ]);
  });
}

async function hashesOf(files: readonly string[]): Promise<Record<string, string>> {
  const distinct = [...new Set(files.map((file) => resolve(file)))].sort();
  const hashes: Record<string, string> = {};
  for (const file of distinct) {
    if (!existsSync(file)) throw new PosttrainError('file-missing', `there is no file ${file}, which a recipe names.`);
    hashes[file] = (await fingerprintFile(file)).sha256;
  }
  return hashes;
}

function planRemarks(arms: readonly ResolvedArm[]): string[] {
  return arms.flatMap((arm) =>
    arm.kind === 'trained' && arm.ownSeed !== null
      ? [`the recipe of ${arm.name} says seed: ${arm.ownSeed}; the seeds of the study take its place.`]
      : [],
  );
}

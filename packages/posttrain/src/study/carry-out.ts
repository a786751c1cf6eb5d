import { type ArmChoice, choosePoint } from './choose.ts';
import type { StudyEvent } from './events.ts';
import type { StudyPlan } from './plan.ts';
import { type ChosenPoints, countRuns, type PlannedRun, seedRuns, sweepRuns, trainedArms } from './planned-runs.ts';
import { resultFile, studyFiles, writeStudyReport } from './report/write-study-report.ts';
import type { ResolvedArm, TrainedArm } from './resolved-arm.ts';
import { concludeStudy, type FinishedArm, type StudyResult } from './result.ts';
import { keptScores, type ModelScores, type ScoredModel, type ScoringPhase, scoreModels } from './scores.ts';
import type { StudySetting } from './setting.ts';
import { StudyClock } from './study-clock.ts';
import { trainRuns } from './train-runs.ts';

/**
 * The whole study in its order: sweeps on one seed, their decision on development documents, every seed of every arm at its
 * chosen point, then one reading of the documents of the comparison. What the folder holds already is not done again.
 */
export async function* carryOut(setting: StudySetting): AsyncGenerator<StudyEvent, StudyResult, void> {
  const { folder, prepared } = setting;
  const { plan, arms, remarks } = prepared;
  const clock = new StudyClock(countRuns(arms, plan));
  yield { type: 'plan', dir: folder.dir, plan, runs: clock.now().of, remarks };
  const stored = folder.readJson<StudyResult>(resultFile);
  if (stored?.plan === plan.hash) {
    yield { type: 'finish', result: stored, files: studyFiles(folder) };
    return stored;
  }
  const choices = yield* decideSweeps(setting, clock);
  const chosen: ChosenPoints = Object.fromEntries([...choices].map(([arm, { point }]) => [arm, point]));
  const runs = seedRuns(arms, plan, chosen);
  yield* trainRuns(runs, setting, clock);
  const scores = yield* compareModels(runs, setting);
  const finished = arms.map((arm) => finishedArm(arm, runs, choices, scores, setting));
  const result = concludeStudy(prepared, finished, folder.reads);
  const files = writeStudyReport(folder, result);
  yield { type: 'finish', result, files };
  return result;
}

const choiceFile = 'choice.json';

/** By arm. Decided once: the file is what counts from then on. */
async function* decideSweeps(
  setting: StudySetting,
  clock: StudyClock,
): AsyncGenerator<StudyEvent, ReadonlyMap<string, ArmChoice>, void> {
  const { folder, prepared } = setting;
  const { plan, arms, chooseTasks } = prepared;
  if (!plan.choose) return new Map();
  const decided = folder.readJson<{ readonly plan: string; readonly choices: readonly ArmChoice[] }>(choiceFile);
  if (decided?.plan === plan.hash) return byArm(decided.choices);
  const runs = sweepRuns(arms, plan);
  yield* trainRuns(runs, setting, clock);
  const { data, limit } = plan.choose;
  const { seed, precision } = plan.evaluate;
  const models = runs.flatMap((run) => trainedModel(run, setting));
  const scores = yield* scoreModels(
    models,
    { phase: 'choose', tasks: chooseTasks, data, limit, seed, precision },
    setting,
  );
  const choices = trainedArms(arms)
    .filter(({ points }) => points.length > 1)
    .map((arm) => choiceOf(arm, runs, scores, setting));
  folder.writeJson(choiceFile, { plan: plan.hash, choices });
  for (const choice of choices) yield { type: 'choice', ...choice };
  return byArm(choices);
}

const byArm = (choices: readonly ArmChoice[]) => new Map(choices.map((choice) => [choice.arm, choice]));

function choiceOf(
  { name, points }: TrainedArm,
  runs: readonly PlannedRun[],
  scores: ReadonlyMap<string, ModelScores>,
  { folder, prepared }: StudySetting,
): ArmChoice {
  const measured = points.map(({ name: point, values }) => {
    const run = runs.find((one) => one.arm === name && one.point === point)!;
    const diverged = folder.outcome(run.id)?.status === 'diverged' ? 'it diverged' : null;
    return { point, values, results: scores.get(run.id)?.results ?? [], diverged };
  });
  return choosePoint(name, measured, prepared.plan.choose!);
}

/** The model of a run that came to its end. */
function trainedModel(run: PlannedRun, { folder }: StudySetting): ScoredModel[] {
  const checkpoint = folder.outcome(run.id)?.checkpoint ?? null;
  if (checkpoint === null) return [];
  return [{ id: run.id, folder: folder.path(checkpoint), runFolder: folder.runFolder(run.id) }];
}

/** One reading of the documents of the comparison, on record before it begins. */
async function* compareModels(
  runs: readonly PlannedRun[],
  setting: StudySetting,
): AsyncGenerator<StudyEvent, ReadonlyMap<string, ModelScores>, void> {
  const { folder, prepared } = setting;
  const { plan, arms, evaluateTasks } = prepared;
  const controls = arms
    .filter((arm) => arm.kind === 'control')
    .map(({ name, model }): ScoredModel => ({ id: name, folder: model, runFolder: null }));
  const models = [...controls, ...runs.flatMap((run) => trainedModel(run, setting))];
  const left = models.filter(({ id }) => !keptScores(id, 'compare', setting));
  const ours = folder.reads.filter((read) => read.plan === plan.hash);
  if (left.length > 0) yield record(ours.length === 0 ? 'begin' : 'resume', models.length, setting);
  const scores = yield* scoreModels(models, comparePhase(plan, evaluateTasks), setting);
  if (!ours.some(({ event }) => event === 'complete') || left.length > 0)
    yield record('complete', models.length, setting);
  return scores;
}

function comparePhase({ evaluate }: StudyPlan, tasks: ScoringPhase['tasks']): ScoringPhase {
  const { data, limit, seed, precision } = evaluate;
  return { phase: 'compare', tasks, data, limit, seed, precision };
}

function record(
  event: 'begin' | 'resume' | 'complete',
  models: number,
  { folder, prepared }: StudySetting,
): StudyEvent {
  const { plan } = prepared;
  const tasks = plan.evaluate.tasks.map(({ name }) => name);
  const read = { event, time: new Date().toISOString(), plan: plan.hash, tasks, models } as const;
  folder.recordRead(read);
  return { type: 'read', ...read };
}

function finishedArm(
  arm: ResolvedArm,
  runs: readonly PlannedRun[],
  choices: ReadonlyMap<string, ArmChoice>,
  scores: ReadonlyMap<string, ModelScores>,
  { folder }: StudySetting,
): FinishedArm {
  const { name } = arm;
  if (arm.kind === 'control')
    return { name, point: null, choice: null, runs: [{ seed: null, outcome: null, scores: scores.get(name)! }] };
  const own = runs.filter((run) => run.arm === name);
  return {
    name,
    point: own[0]!.point,
    choice: choices.get(name) ?? null,
    runs: own.map(({ id, seed }) => ({ seed, outcome: folder.outcome(id)!, scores: scores.get(id) ?? null })),
  };
}

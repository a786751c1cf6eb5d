import { type Evaluation, evaluate, type NotRun, type Task, type TaskResult, writeReports } from '../evaluate/index.ts';
import type { ModelFingerprint } from '../evaluate/models/eval-model.ts';
import type { ValuedItem } from '../evaluate/results/metric-result.ts';
import { noteTestReads, readTestReads } from '../evaluate/runner/test-reads.ts';
import type { StudyEvaluateEvent } from './events.ts';
import type { StudySetting } from './setting.ts';

/** What one model made of the tasks of a phase, as the study folder keeps it: figures, and every document's values. */
export interface ModelScores {
  /** The hash of the plan that they belong to. */
  readonly plan: string;
  readonly model: string;
  readonly fingerprint: ModelFingerprint;
  readonly results: readonly TaskResult[];
  /** By task. */
  readonly items: Readonly<Record<string, readonly ValuedItem[]>>;
  readonly notRun: readonly NotRun[];
  /** What a reader must know, one sentence each. */
  readonly remarks: readonly string[];
}

export interface ScoredModel {
  /** The run, or the name of a control. */
  readonly id: string;
  /** A checkpoint's folder, or a model by its name. */
  readonly folder: string;
  /** The run folder; null for a control. */
  readonly runFolder: string | null;
}

export interface ScoringPhase {
  readonly phase: 'choose' | 'compare';
  readonly tasks: readonly Task[];
  readonly data: Readonly<Record<string, string>>;
  readonly limit: number | null;
  readonly seed: number;
  readonly precision: 'auto' | 'fp32' | 'bf16';
}

/**
 * Asks every model the tasks, one after the other, and keeps what came of each; those that are kept are not asked again. Every
 * document with its answer is in samples.jsonl beside.
 * @returns by the model's id
 * @throws the signal's reason once it is aborted; answers until then are in the cache
 */
export async function* scoreModels(
  models: readonly ScoredModel[],
  phase: ScoringPhase,
  setting: StudySetting,
): AsyncGenerator<StudyEvaluateEvent, ReadonlyMap<string, ModelScores>, void> {
  const found = new Map<string, ModelScores>();
  for (const [done, model] of models.entries()) {
    const about = { type: 'evaluate', phase: phase.phase, model: model.id, done, of: models.length } as const;
    const kept = keptScores(model.id, phase.phase, setting);
    if (kept) yield { ...about, event: { type: 'kept' } };
    found.set(model.id, kept ?? (yield* scoreModel(model, phase, setting, about)));
  }
  return found;
}

/** What is kept of a model in this phase, under this plan. */
export function keptScores(
  id: string,
  phase: ScoringPhase['phase'],
  { folder, prepared }: StudySetting,
): ModelScores | undefined {
  const kept = folder.readJson<ModelScores>(scoresFile(id, phase));
  return kept?.plan === prepared.plan.hash ? kept : undefined;
}

const folderOf = (id: string, phase: ScoringPhase['phase']) => `evaluations/${phase}/${id}`;
const scoresFile = (id: string, phase: ScoringPhase['phase']) => `${folderOf(id, phase)}/scores.json`;

async function* scoreModel(
  model: ScoredModel,
  phase: ScoringPhase,
  setting: StudySetting,
  about: Omit<StudyEvaluateEvent, 'event'>,
): AsyncGenerator<StudyEvaluateEvent, ModelScores, void> {
  const { folder, bench, signal, prepared } = setting;
  signal.throwIfAborted();
  const { id, folder: path } = model;
  await using opened = new Opened(await bench.open(path, { id, precision: phase.precision }));
  const remarks = noteReads(model, phase);
  const events = evaluate({
    models: [opened.model],
    tasks: phase.tasks,
    data: phase.data,
    cacheDir: folder.path('answers'),
    limit: phase.limit ?? undefined,
    ...{ seed: phase.seed, signal },
  });
  let next = await events.next();
  for (; !next.done; next = await events.next()) yield { ...about, event: next.value };
  // What was answered is in the cache; half of the documents decide nothing.
  signal.throwIfAborted();
  const scores = scoresOf(next.value, id, prepared.plan.hash, remarks);
  writeReports(folder.path(folderOf(id, phase.phase)), next.value);
  folder.writeJson(scoresFile(id, phase.phase), scores);
  return scores;
}

/** Also of a model that cannot be disposed of. */
class Opened<Model extends Partial<AsyncDisposable>> implements AsyncDisposable {
  readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.model[Symbol.asyncDispose]?.();
  }
}

/** Puts the reading of test splits on record in the run that is evaluated, as `posttrain eval` does. An interrupted one is one reading. */
function noteReads({ id, runFolder }: ScoredModel, { tasks, limit, seed }: ScoringPhase): string[] {
  if (runFolder === null) return [];
  const names = tasks.filter(({ testSplit }) => testSplit).map(({ name }) => name);
  const ours = readTestReads(runFolder).some(
    ({ models, tasks: read }) => models.length === 1 && models[0] === id && names.every((name) => read.includes(name)),
  );
  return ours ? [] : noteTestReads([runFolder], tasks, { models: [id], limit, seed });
}

function scoresOf({ result, runs }: Evaluation, id: string, plan: string, remarks: readonly string[]): ModelScores {
  const items = runs.map(({ task, items: scored }) => [
    task,
    scored.map(({ docId, cluster, values }) => ({ docId, cluster, values })),
  ]);
  return {
    ...{ plan, model: id, fingerprint: result.models[0]!.fingerprint },
    results: result.results,
    items: Object.fromEntries(items) as ModelScores['items'],
    notRun: result.notRun,
    remarks: [...remarks, ...result.warnings],
  };
}

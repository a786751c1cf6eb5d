import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { checkpointSteps } from './checkpoint.ts';
import { errno } from './durable-file.ts';
import { type ForgettingReport, readForgetting, reportOf } from './forgetting.ts';
import { lockHolder } from './lock.ts';
import { type Metrics, readMetrics } from './metrics.ts';
import type { ResolvedRecipe } from './recipe/resolved-recipe.ts';
import { readResolved } from './run-folder.ts';
import { type RunInfo, readRunInfo } from './run-info.ts';

/** `crashed`: it was running, and the process that ran it is gone. */
export type RunStatus = 'running' | 'finished' | 'stopped' | 'failed' | 'crashed';

export interface RunSummary {
  /** The name of its folder. */
  readonly name: string;
  readonly dir: string;
  readonly id: string;
  readonly status: RunStatus;
  readonly method: string;
  readonly model: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps of the whole run; null before the first where the recipe counts epochs. */
  readonly steps: number | null;
  /** Training loss of the last step, in nats per token. */
  readonly loss: number | null;
  /** The last held-out loss, in nats per token. */
  readonly heldOutLoss: number | null;
  /** Time spent in steps, in seconds. */
  readonly seconds: number;
}

export interface RunDetails extends RunSummary {
  readonly info: RunInfo;
  readonly resolved: ResolvedRecipe;
  readonly metrics: Metrics;
  /** Null where the recipe says `forgetting: false`, and before the first measurement. */
  readonly forgetting: ForgettingReport | null;
  /** Steps of the checkpoints on disk, ascending; not verified. */
  readonly checkpoints: readonly number[];
}

export interface RunList {
  /** The newest first. */
  readonly runs: readonly RunSummary[];
  /** Folders with a run.json that cannot be read, and why. */
  readonly unreadable: readonly { readonly dir: string; readonly reason: string }[];
}

/** The runs right under a folder. Folders without run.json are not runs. */
export function listRuns(root = 'runs'): RunList {
  const runs: RunSummary[] = [];
  const unreadable: { dir: string; reason: string }[] = [];
  for (const name of runNames(root)) {
    const dir = join(root, name);
    try {
      runs.push(readRun(dir).summary);
    } catch (error) {
      unreadable.push({ dir, reason: (error as Error).message });
    }
  }
  return { runs: runs.sort((a, b) => (a.created < b.created ? 1 : -1)), unreadable };
}

/** @throws PosttrainError `file-missing` or `file-unreadable` where there is no readable run. */
export function showRun(dir: string): RunDetails {
  const { summary, info, resolved, metrics } = readRun(dir);
  const forgetting = readForgetting(dir);
  return {
    ...summary,
    info,
    resolved,
    metrics,
    forgetting: forgetting && reportOf(forgetting),
    checkpoints: checkpointSteps(join(dir, 'checkpoints')),
  };
}

/** Everything that is read of a run, and what a list shows of it. */
export function readRun(dir: string): {
  readonly summary: RunSummary;
  readonly info: RunInfo;
  readonly resolved: ResolvedRecipe;
  readonly metrics: Metrics;
} {
  const info = readRunInfo(dir);
  const resolved = readResolved(dir);
  const metrics = readMetrics(dir);
  const last = metrics.steps.at(-1);
  const summary: RunSummary = {
    name: basename(resolve(dir)),
    dir,
    id: info.id,
    status: runStatus(dir, info),
    method: resolved.method,
    model: resolved.model,
    created: info.created,
    step: last?.step ?? 0,
    steps: last?.steps ?? resolved.steps ?? null,
    loss: last?.loss ?? null,
    heldOutLoss: metrics.evaluations.at(-1)?.loss ?? null,
    seconds: metrics.steps.reduce((sum, { seconds }) => sum + seconds, 0),
  };
  return { summary, info, resolved, metrics };
}

/** The last entry of the history; a run that was running is judged by whether its process is. */
export function runStatus(dir: string, info: RunInfo): RunStatus {
  const recorded = info.history.at(-1)?.status ?? 'running';
  if (recorded !== 'running') return recorded;
  return lockHolder(dir) === null ? 'crashed' : 'running';
}

function runNames(root: string): string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith('.') && holdsRun(join(root, entry.name)))
      .map(({ name }) => name);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}

function holdsRun(dir: string): boolean {
  try {
    return readdirSync(dir).includes('run.json');
  } catch (error) {
    if (errno(error) === 'ENOTDIR' || errno(error) === 'ENOENT') return false;
    throw error;
  }
}

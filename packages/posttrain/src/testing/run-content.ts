import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointSteps } from '../runs/checkpoint.ts';
import { type ForgettingRecord, readForgetting } from '../runs/forgetting.ts';
import { readJsonl } from '../runs/jsonl-log.ts';
import { verifyCheckpoint } from '../runs/manifest.ts';
import { readMetrics, withoutTimeFields } from '../runs/metrics.ts';

/** What a run has come to, without the times: equal for two runs only if every bit of them is. */
export interface RunContent {
  /** SHA-256 by `step-N/file`, of every checkpoint that was kept. */
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Record<string, unknown>[];
  readonly evaluations: readonly Record<string, unknown>[];
  /** All of forgetting.json. */
  readonly forgetting: ForgettingRecord | null;
}

/** @throws when a checkpoint is not what its manifest says. */
export async function runContent(dir: string): Promise<RunContent> {
  const files: Record<string, string> = {};
  for (const step of checkpointSteps(join(dir, 'checkpoints'))) {
    const verified = await verifyCheckpoint(join(dir, 'checkpoints', `step-${step}`));
    if (!verified.ok) throw new Error(`step-${step}: ${verified.reason}`);
    for (const [name, { sha256 }] of Object.entries(verified.manifest.files)) files[`step-${step}/${name}`] = sha256;
  }
  const { steps, evaluations } = readMetrics(dir);
  return {
    files,
    steps: steps.map(withoutTimeFields),
    evaluations: evaluations.map(withoutTimeFields),
    forgetting: readForgetting(dir),
  };
}

export interface KilledFolder {
  /** What must never be, as sentences; none is the promise. */
  readonly problems: readonly string[];
  /** Lines of logs that a kill cut short; readers pass over them. */
  readonly torn: number;
  /** Whether a checkpoint was being written. */
  readonly midCheckpoint: boolean;
}

/** Looks at the folder of a run whose processes were killed. It may not have come into being yet. */
export async function inspectKilled(dir: string): Promise<KilledFolder> {
  const problems: string[] = [];
  let torn = 0;
  const names = namesIn(dir);
  for (const name of names.filter((file) => file.endsWith('.json'))) {
    try {
      JSON.parse(readFileSync(join(dir, name), 'utf8'));
    } catch {
      problems.push(`${name} is not JSON.`);
    }
  }
  for (const name of names.filter((file) => file.endsWith('.jsonl'))) torn += tornLines(join(dir, name));
  const checkpoints = join(dir, 'checkpoints');
  for (const step of checkpointSteps(checkpoints)) {
    const verified = await verifyCheckpoint(join(checkpoints, `step-${step}`));
    if (!verified.ok) problems.push(`step-${step}: ${verified.reason}`);
  }
  return { problems, torn, midCheckpoint: namesIn(checkpoints).some((name) => unfinishedCheckpoint.test(name)) };
}

/** The name of a checkpoint's folder while it is filled. */
export const unfinishedCheckpoint = /^\.step-\d+\.tmp-\d+$/;

function tornLines(path: string): number {
  const unfinished = readFileSync(path, 'utf8').split('\n').at(-1) === '' ? 0 : 1;
  return readJsonl(path).torn + unfinished;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

import { readMetrics } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { StudyEvent, StudyProgress } from './events.ts';
import type { PlannedRun, StudyRunRef } from './planned-runs.ts';
import type { StudySetting } from './setting.ts';
import type { StudyClock } from './study-clock.ts';
import type { RunOutcome } from './study-folder.ts';

/**
 * Trains every run that is not over yet, one after the other. An interrupted one goes on from its last checkpoint.
 * @throws the signal's reason once it is aborted, after a checkpoint; what training throws, but for a loss that diverges
 */
export async function* trainRuns(
  runs: readonly PlannedRun[],
  setting: StudySetting,
  clock: StudyClock,
): AsyncGenerator<StudyEvent, void, void> {
  for (const run of runs) {
    setting.signal.throwIfAborted();
    const known = setting.folder.outcome(run.id);
    if (known) {
      if (clock.add(run.id, known.seconds)) yield runEvent(run, 'kept', known.message, clock.now());
      continue;
    }
    yield runEvent(run, 'begin', null, clock.now());
    const outcome = yield* trainRun(run, setting, clock);
    setting.folder.record(outcome);
    clock.add(run.id, outcome.seconds);
    yield runEvent(run, outcome.status, outcome.message, clock.now());
  }
}

async function* trainRun(
  run: PlannedRun,
  { folder, bench, signal }: StudySetting,
  clock: StudyClock,
): AsyncGenerator<StudyEvent, RunOutcome, void> {
  const dir = folder.runFolder(run.id);
  const training = bench.train(run.recipe, { dir, signal });
  training.result.catch(() => {}); // the events end with it
  try {
    for await (const event of training) {
      if (event.type === 'step') yield { type: 'step', run: refOf(run), step: event, ...clock.during(event) };
      else yield { type: 'training', run: refOf(run), event };
    }
    const { checkpoint } = await training.result;
    return { run: run.id, status: 'finished', checkpoint: folder.relative(checkpoint), ...trained(dir), message: null };
  } catch (error) {
    if (!PosttrainError.is(error) || error.code !== 'non-finite') throw error;
    return { run: run.id, status: 'diverged', checkpoint: null, ...trained(dir), message: error.message };
  }
}

/** What the metrics of a run folder add up to. */
function trained(dir: string): Pick<RunOutcome, 'steps' | 'tokens' | 'seconds'> {
  const { steps } = readMetrics(dir);
  return {
    steps: steps.at(-1)?.step ?? 0,
    tokens: steps.reduce((sum, { tokens }) => sum + tokens, 0),
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

function refOf({ id, arm, point, seed }: PlannedRun): StudyRunRef {
  return { id, arm, point, seed };
}

type RunStatus = 'begin' | 'finished' | 'diverged' | 'kept';

function runEvent(run: PlannedRun, status: RunStatus, message: string | null, progress: StudyProgress): StudyEvent {
  return { type: 'run', run: refOf(run), status, message, ...progress };
}

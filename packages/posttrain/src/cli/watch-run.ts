import type { RunEvent, StepEvent } from '../runs/index.ts';
import { formatCount, formatNumber } from '../support/terminal/format.ts';
import { formatProgress } from '../support/terminal/status-line.ts';
import { describeData } from './data-summary.ts';
import { forgettingFacts } from './forgetting-facts.ts';
import type { Run, RunResult } from './library.ts';
import type { Output } from './output.ts';
import { RunCourse } from './run-course.ts';
import { shownPath } from './shown-path.ts';
import { type StopSignal, watchStopSignals } from './stop-signals.ts';

/** The part of a Run that is needed here. */
export type WatchedRun = Pick<Run, 'result' | 'droppedSteps' | 'stop' | typeof Symbol.asyncIterator>;

export interface Watched {
  readonly result: RunResult;
  readonly course: RunCourse;
  /** The signal that stopped the run. Undefined when it came to its end, even if a signal came too late. */
  readonly signal: StopSignal | undefined;
}

/** Shows a run until it ends: the live line, what is worth a line of its own, under --json every event; Ctrl-C stops it. */
export async function watchRun(run: WatchedRun, label: string, output: Output): Promise<Watched> {
  // The events end when the run fails; the reason is in its result, which is awaited only after them.
  run.result.catch(() => {});
  const course = new RunCourse();
  using stop = watchStopSignals(() => {
    run.stop();
    output.warn('writing a checkpoint; press Ctrl-C again to stop at once');
  });
  try {
    for await (const event of run) {
      course.add(event);
      if (output.json) output.data(event);
      show(event, label, output);
    }
  } finally {
    output.status.done();
  }
  if (run.droppedSteps > 0)
    output.warn(`${run.droppedSteps} step events came too fast to be shown; metrics.jsonl holds them all`);
  const result = await run.result;
  return { result, course, signal: result.status === 'stopped' ? (stop.received ?? 'SIGTERM') : undefined };
}

function show(event: RunEvent, label: string, output: Output): void {
  const { dim } = output.noteColours;
  switch (event.type) {
    case 'step':
      output.progress((width) => formatProgress(progressOf(event, label), width, output.noteColours));
      break;
    case 'progress':
      output.progress(
        () =>
          `${activities[event.what]} ${formatCount(event.done)}${event.total === null ? '' : ` of ${formatCount(event.total)}`}`,
      );
      break;
    case 'start': {
      const { parameters, trainedParameters, batch, microBatch, precision, threads } = event;
      const learned = trainedParameters === parameters ? '' : `, ${formatCount(trainedParameters)} of them trained`;
      const size = `${event.model}: ${formatCount(parameters)} parameters${learned}`;
      output.note(dim(`${size}, batch ${batch} (${microBatch} at a time), ${precision}, ${threads} threads`));
      break;
    }
    case 'data':
      for (const line of describeData(event.report)) output.note(dim(line));
      break;
    case 'evaluate':
      output.note(`step ${formatCount(event.step)}: held-out loss ${formatNumber(event.loss)}`);
      break;
    case 'checkpoint':
      output.note(dim(`step ${formatCount(event.step)}: checkpoint ${shownPath(event.path)}`));
      break;
    case 'forgetting':
      // What was measured stands in the summary; that nothing will be is told while there is time to change it.
      if (event.report.status !== 'measured')
        for (const [, line] of forgettingFacts(event.report)) output.note(dim(`forgetting ${line}`));
      break;
    case 'resume':
      output.note(`going on from step ${formatCount(event.fromStep)}`);
      break;
    case 'warning':
      output.warn(event.help === undefined ? event.message : `${event.message}\n  help: ${event.help}`);
      break;
    case 'finish':
      break;
  }
}

const activities = {
  setup: 'setting up',
  load: 'loading',
  tokenize: 'reading rows',
  reference: 'measuring the reference, answers',
  teacher: 'storing what the teacher says, rows',
  forgetting: 'measuring what the model knows, tokens',
} as const;

function progressOf({ step, steps, loss, tokensPerSecond, eta, memory }: StepEvent, label: string) {
  return { label, step, steps, loss, tokensPerSecond, secondsLeft: eta || undefined, memoryBytes: memory.rss };
}

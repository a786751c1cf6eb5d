import type { DataReport, ForgettingReport, RunEvent, RunFolder, StartEvent } from '../runs/index.ts';
import type { HeldOutReport, StepReport } from './loop.ts';

/** Steps that the pace is averaged over: about this many. */
const paceSteps = 20;
/** A step that takes this many times the pace is worth a word: something else is using the machine. */
const slowFactor = 3;
const slowSteps = 5;

/** Turns what the loop reports into events, with times, pace and memory, and writes each where it belongs. */
export class Recorder {
  readonly #folder: RunFolder;
  readonly #emit: (event: RunEvent) => void;
  readonly #total: number;
  #since = performance.now();
  /** Seconds a step takes, averaged; null before the first. */
  #pace: number | null = null;
  #slow = 0;
  /** Steps done. */
  steps = 0;

  constructor(folder: RunFolder, emit: (event: RunEvent) => void, total: number) {
    this.#folder = folder;
    this.#emit = emit;
    this.#total = total;
  }

  begin(facts: Omit<StartEvent, 'type' | 'dir' | 'steps'>): void {
    this.#event({ type: 'start', dir: this.#folder.dir, steps: this.#total, ...facts });
  }

  resumed(fromStep: number): void {
    this.steps = fromStep;
    this.#emit({ type: 'resume', fromStep }); // the folder has recorded it
  }

  data(report: DataReport): void {
    this.#emit({ type: 'data', report }); // the folder holds it as data-report.json
    this.#since = performance.now();
  }

  step(report: StepReport): void {
    const seconds = this.#lap();
    this.steps = report.step;
    this.#watchPace(seconds);
    const row = {
      type: 'step',
      ...report,
      steps: this.#total,
      tokensPerSecond: report.tokens / seconds,
      seconds,
      memory: { rss: process.memoryUsage.rss(), peakRss: process.resourceUsage().maxRSS * 1024 },
      eta: this.#pace === null ? null : this.#pace * (this.#total - report.step),
    } as const;
    this.#folder.appendMetrics(row);
    this.#emit(row);
  }

  evaluated(report: HeldOutReport): void {
    const row = { type: 'evaluate', ...report, seconds: this.#lap() } as const;
    this.#folder.appendMetrics(row);
    this.#emit(row);
  }

  saved(step: number, path: string): void {
    this.#lap();
    this.#event({ type: 'checkpoint', step, path });
  }

  warn({ message, help }: { readonly message: string; readonly help: string }): void {
    this.#event({ type: 'warning', message, help });
  }

  forgetting(report: ForgettingReport): void {
    this.#event({ type: 'forgetting', step: this.steps, report });
  }

  /** What was done since the last report is no step's time. */
  leaveOut(): void {
    this.#lap();
  }

  finished(status: 'finished' | 'stopped', checkpoint: string): void {
    this.#event({ type: 'finish', status, checkpoint });
  }

  #event(event: RunEvent): void {
    this.#folder.appendEvent(event);
    this.#emit(event);
  }

  /** Seconds since the last lap: what an evaluation or a checkpoint takes is not a step's time. */
  #lap(): number {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    this.#since = now;
    return seconds;
  }

  #watchPace(seconds: number): void {
    this.#slow = this.#pace !== null && seconds > slowFactor * this.#pace ? this.#slow + 1 : 0;
    if (this.#slow === slowSteps) {
      this.#event({
        type: 'warning',
        message: `the last ${slowSteps} steps took over ${slowFactor} times as long as those before.`,
        help: 'another program may be using the processor; with it there, threads: 1 can be faster than two.',
      });
    }
    this.#pace = this.#pace === null ? seconds : this.#pace + (seconds - this.#pace) / paceSteps;
  }
}

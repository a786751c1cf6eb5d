import type { NotRun } from '../results/evaluation.ts';
import type { TaskResult } from '../results/task-result.ts';
import type { PartialFigure } from './run-task.ts';

/** What an evaluation tells while it goes on. */
export type EvaluateEvent = PlanEvent | ProgressEvent | TaskEvent | NotRunEvent;

/** Comes first: what will be asked. */
export interface PlanEvent {
  readonly type: 'plan';
  readonly tasks: readonly { readonly task: string; readonly documents: number; readonly of: number }[];
  /** Requests of all models and tasks. */
  readonly total: number;
}

export interface ProgressEvent {
  readonly type: 'progress';
  readonly model: string;
  readonly task: string;
  readonly done: number;
  readonly total: number;
  /** Requests answered in a second, those from the cache not counted; null before the first. */
  readonly rate: number | null;
  readonly etaSeconds: number | null;
  readonly partial: PartialFigure;
}

/** A task is done, or was ended by the signal. */
export interface TaskEvent {
  readonly type: 'task';
  readonly result: TaskResult;
}

/** A task cannot be asked of a model; the rest goes on. */
export interface NotRunEvent extends NotRun {
  readonly type: 'not-run';
}

/** Counts requests and knows how long the rest will take. */
export class ProgressClock {
  #done = 0;
  #asked = 0;
  #total: number;
  readonly #began: number;
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(total: number, now: () => number = () => performance.now()) {
    this.#total = total;
    this.#now = now;
    this.#began = now();
  }

  /** Requests that will not be asked. */
  leaveOut(requests: number): void {
    this.#total -= requests;
  }

  add({ done, asked }: { readonly done: number; readonly asked: number }) {
    this.#done += done;
    this.#asked += asked;
    const seconds = (this.#now() - this.#began) / 1000;
    const rate = this.#asked > 0 && seconds > 0 ? this.#asked / seconds : null;
    const left = this.#total - this.#done;
    return {
      done: this.#done,
      total: this.#total,
      rate,
      etaSeconds: rate === null ? null : left / rate,
    };
  }
}

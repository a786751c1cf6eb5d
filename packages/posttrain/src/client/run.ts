import type { TrainResult } from '../engine/protocol.ts';
import { StopControl, type Stopping } from '../engine/stopping.ts';
import type { RunEvent } from '../runs/events.ts';
import { PosttrainError } from '../support/errors.ts';
import { EventQueue } from './event-queue.ts';

export type RunResult = TrainResult;

/** What carries a run out: the engine process, or this one. */
export type Launch = (onEvent: (event: RunEvent) => void, stopping: Stopping) => Promise<RunResult>;

/**
 * A training run under way. Iterate it for its events; leaving the loop does not stop it. Await `result` for the end.
 * It is not a promise itself, so that an `await` in the wrong place cannot hide the events.
 */
export class Run implements AsyncIterable<RunEvent> {
  /** The run folder, absolute. */
  readonly dir: string;
  /** How it ended. Rejects with what went wrong, or with the signal's reason. */
  readonly result: Promise<RunResult>;
  readonly #events = new EventQueue<RunEvent>();
  readonly #stopping = new StopControl();

  constructor(
    dir: string,
    launch: Launch,
    signal: AbortSignal | undefined,
    onWarning: ((message: string) => void) | undefined,
  ) {
    this.dir = dir;
    this.result = this.#carryOut(launch, signal, onWarning);
  }

  /**
   * Writes a checkpoint and ends; `result` resolves with `status: 'stopped'`. Before the first step, that checkpoint
   * holds the model as it was, and rows are read to their end first: abort the signal where that takes too long.
   */
  stop(): void {
    this.#stopping.requestStop();
  }

  /** Step events lost because nobody read them in time. */
  get droppedSteps(): number {
    return this.#events.dropped;
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent, void, undefined> {
    this.result.catch(() => {}); // the iteration throws it
    return this.#events[Symbol.asyncIterator]();
  }

  async #carryOut(
    launch: Launch,
    signal: AbortSignal | undefined,
    onWarning: ((message: string) => void) | undefined,
  ): Promise<RunResult> {
    const abort = () => this.#stopping.requestAbort();
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', abort, { once: true });
      const result = await launch((event) => {
        if (event.type === 'warning') onWarning?.(event.message);
        this.#events.push(event);
      }, this.#stopping);
      if (signal?.aborted && result.status === 'stopped') throw signal.reason;
      this.#events.end();
      return result;
    } catch (thrown) {
      const error = signal?.aborted && PosttrainError.is(thrown) && thrown.code === 'aborted' ? signal.reason : thrown;
      this.#events.end(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

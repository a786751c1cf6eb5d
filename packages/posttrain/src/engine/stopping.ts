import { PosttrainError } from '../support/errors.ts';

/** How the engine's work is asked to end before its time. */
export interface Stopping {
  /** End in good order: training writes a checkpoint after the micro-batch, generation stops after the token. */
  readonly stop: AbortSignal;
  /** The same, and what comes before the first step, such as reading rows, is given up. Its reason is an error of code `aborted`. */
  readonly abort: AbortSignal;
}

/** The asking side. */
export class StopControl implements Stopping {
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();

  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  get abort(): AbortSignal {
    return this.#abort.signal;
  }

  requestStop(): void {
    this.#stop.abort();
  }

  requestAbort(): void {
    this.#abort.abort(
      new PosttrainError('aborted', 'it was aborted before the first step; no run was made or changed.'),
    );
    this.requestStop();
  }
}

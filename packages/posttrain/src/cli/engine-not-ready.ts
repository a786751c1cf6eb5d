import type { PosttrainError } from '../support/errors.ts';

/**
 * Wraps whatever keeps libtorch and the engine from being ready. The error is reported as it is, but the exit code says
 * that the machine is at fault, also where the error's own code is a general one such as `file-missing`.
 */
export class EngineNotReady extends Error {
  readonly reason: PosttrainError;

  constructor(reason: PosttrainError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

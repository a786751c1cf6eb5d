import { addon } from '../native/binding.ts';
import { PosttrainError } from '../support/errors.ts';
import { TensorHandle } from './handle.ts';

/** Rejects async functions where the body must be synchronous. */
export type NotAsync<T> = [Extract<T, PromiseLike<unknown>>] extends [never] ? unknown : never;

/**
 * Runs `body` and frees every tensor made inside, except those in the value it returns: a tensor, or arrays and plain
 * objects of them. Those pass to the enclosing scope, or to nobody when this is the outermost one.
 *
 * @throws scope-async if `body` returns a promise: a scope may not span an `await`, where other code's tensors would fall into it.
 */
export function scope<T>(body: (() => T) & NotAsync<T>, label = 'scope'): T {
  const inner = TensorHandle.open(label);
  let result: T;
  try {
    result = body();
  } catch (error) {
    TensorHandle.close(inner, undefined);
    throw error;
  }
  if (isThenable(result)) {
    TensorHandle.close(inner, undefined);
    throw asyncBody(label);
  }
  TensorHandle.close(inner, result);
  return result;
}

/** A scope for `using`: everything made until the end of the block is freed, unless `keep()`-ed. */
export function openScope(label = 'scope'): Disposable {
  const inner = TensorHandle.open(label);
  return { [Symbol.dispose]: () => TensorHandle.close(inner, undefined) };
}

/** Runs `body` without recording for autograd. */
export function noGrad<T>(body: (() => T) & NotAsync<T>): T {
  return withGrad(false, body);
}

/** Runs `body` with recording for autograd, also inside `noGrad`. */
export function enableGrad<T>(body: (() => T) & NotAsync<T>): T {
  return withGrad(true, body);
}

function withGrad<T>(on: boolean, body: () => T): T {
  const before = addon().setGradEnabled(on);
  let result: T;
  try {
    result = body();
  } finally {
    addon().setGradEnabled(before);
  }
  if (isThenable(result)) throw asyncBody(on ? 'enableGrad' : 'noGrad');
  return result;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function asyncBody(label: string): PosttrainError {
  return new PosttrainError(
    'scope-async',
    `the body of "${label}" returned a promise; scopes and grad mode are synchronous`,
    {
      help: 'await outside, and pass the awaited values in.',
    },
  );
}

/** What this process has of tensors and memory. Sizes are bytes. */
export interface MemoryFigures {
  /** Live tensors, and the storages behind them. */
  readonly live: number;
  readonly liveBytes: number;
  /**
   * Large blocks of the CPU in use, the most that were in use at once, and what is kept free between them for the next.
   * All 0 where libtorch's own allocator serves all.
   */
  readonly arenaUsed: number;
  readonly arenaMost: number;
  readonly arenaFree: number;
  /** The highest resident size that this process has had. */
  readonly peakRss: number;
  /** Tensors that no scope or owner freed. */
  readonly collectedByGc: number;
}

export function memory(): MemoryFigures {
  return { ...addon().memory(), collectedByGc: TensorHandle.collectedByGc };
}

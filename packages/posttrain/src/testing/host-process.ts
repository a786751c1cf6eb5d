import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TrainResult } from '../engine/protocol.ts';
import { processExists } from '../runs/durable-file.ts';
import type { RunEvent } from '../runs/events.ts';
import { deserializeError, type PosttrainError } from '../support/errors.ts';
import type { FromTrainingHost, TrainingOrder } from './training-host.ts';

const program = fileURLToPath(new URL('./training-host.js', import.meta.url));
/** Milliseconds an engine may outlive its host: it has to come to the end of a micro-batch. */
const longestAfterlife = 5000;

/** How a training host ended: with its run's result, with its run's error, or by a signal. */
export type HostEnd =
  | { readonly kind: 'result'; readonly result: TrainResult }
  | { readonly kind: 'error'; readonly error: PosttrainError }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals | null };

/** A training host and its engine, both seen from outside. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #engine: number | undefined;
  /** Resolves once the host has ended. */
  readonly ended: Promise<HostEnd>;

  constructor(order: TrainingOrder) {
    this.#child = fork(program, [JSON.stringify(order)], { serialization: 'advanced', execArgv: [] });
    let end: HostEnd | undefined;
    this.#child.on('message', (message: FromTrainingHost) => {
      if (message.type === 'engine') this.#engine = message.pid;
      else if (message.type === 'event') for (const listener of this.#listeners) listener(message.event);
      else if (message.type === 'result') end = { kind: 'result', result: message.result };
      else end = { kind: 'error', error: deserializeError(message.error) };
    });
    this.ended = new Promise((done) => {
      this.#child.once('close', (_code, signal) => done(end ?? { kind: 'killed', signal }));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The process number of the engine, once it has started. */
  get engine(): number | undefined {
    return this.#engine;
  }

  onEvent(listener: (event: RunEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Whether there was such a process to kill. */
  kill(victim: 'host' | 'engine', signal: NodeJS.Signals = 'SIGKILL'): boolean {
    const pid = victim === 'host' ? this.pid : this.#engine;
    return pid !== undefined && isRunning(pid) && process.kill(pid, signal);
  }

  /** Waits for the engine to follow its host. @returns milliseconds waited. @throws when it is still there after 5 s. */
  async engineGone(): Promise<number> {
    const since = performance.now();
    while (this.#engine !== undefined && isRunning(this.#engine)) {
      if (performance.now() - since > longestAfterlife) throw new Error(`the engine ${this.#engine} outlives its host`);
      await delay(5);
    }
    return performance.now() - since;
  }
}

/** Whether a process runs; one that only waits for its parent to take note of its end does not. */
export function isRunning(pid: number): boolean {
  if (!processExists(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { deserializeError, PosttrainError } from '../support/errors.ts';
import type { AskScore, FromEngine, ToEngine, Verb, Verbs } from './protocol.ts';

interface Pending {
  readonly verb: Verb;
  readonly onPart: (part: unknown) => void;
  readonly score: AskScore | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** For the message when the engine dies: how far it had come. */
  lastStep: number | undefined;
}

const entry = fileURLToPath(new URL('./main.js', import.meta.url));
const stderrTail = 4000;

/**
 * The engine seen from the caller's process: a child that owns every tensor. It computes while this process goes on,
 * and when it crashes this process lives, with an `engine-died` error for each open request.
 */
export class EngineProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #stderr = '';
  #nextId = 1;
  #closing = false;
  #ended: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;

  constructor() {
    this.#child = fork(entry, [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrTail);
    });
    this.#child.on('message', (message) => this.#receive(message as FromEngine));
    this.#child.on('error', () => {}); // a failed send: the exit tells it better
    this.#exited = new Promise((done) => {
      this.#child.once('close', (code, signal) => {
        this.#ended = { code, signal };
        for (const pending of this.#pending.values()) pending.reject(this.#death(pending));
        this.#pending.clear();
        done();
      });
    });
    this.#hold(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks the engine for something. `onPart` gets what comes before the result; `score` answers what the engine asks meanwhile and never rejects. */
  request<V extends Verb>(
    verb: V,
    request: Verbs[V]['request'],
    onPart: (part: Verbs[V]['part']) => void = () => {},
    score?: AskScore,
  ): EngineRequest<Verbs[V]['result']> {
    const id = this.#nextId++;
    const result = new Promise<Verbs[V]['result']>((resolve, reject) => {
      if (this.#closing || this.#ended) {
        reject(this.#death({ verb, lastStep: undefined }));
        return;
      }
      this.#pending.set(id, {
        verb,
        onPart: onPart as (part: unknown) => void,
        score,
        resolve: resolve as (result: unknown) => void,
        reject,
        lastStep: undefined,
      });
      this.#hold(true);
      this.#send({ type: 'request', id, verb, request } as ToEngine);
    });
    return { result, stop: () => this.#send({ type: 'stop', id }), abort: () => this.#send({ type: 'abort', id }) };
  }

  /** Ends the process at once. Nothing is lost that was reported as saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#hold(true); // until it has gone
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** An idle engine does not keep the caller's program from ending. */
  #hold(on: boolean): void {
    const parts = [
      this.#child,
      this.#child.channel,
      this.#child.stderr as unknown as { ref(): void; unref(): void } | null,
    ];
    for (const part of parts) on ? part?.ref() : part?.unref();
  }

  #send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromEngine): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.type === 'part') {
      const { step, fromStep } = message.part as { step?: number; fromStep?: number };
      pending.lastStep = (step ?? fromStep) || pending.lastStep;
      pending.onPart(message.part);
      return;
    }
    if (message.type === 'ask') {
      const { id, ask } = message;
      void pending.score?.(message.question).then((answer) => this.#send({ type: 'answer', id, ask, answer }));
      return;
    }
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#hold(false);
    if (message.type === 'result') pending.resolve(message.result);
    else pending.reject(deserializeError(message.error));
  }

  /** Why a request gets no answer. */
  #death({ verb, lastStep }: Pick<Pending, 'verb' | 'lastStep'>): PosttrainError {
    if (this.#closing) return new PosttrainError('engine-died', 'the engine was closed; it does no more work.');
    const { code, signal } = this.#ended!;
    const how = signal ? `by ${signal}` : `with exit code ${code}`;
    const where =
      verb === 'train' ? (lastStep === undefined ? ' before the first step' : ` after step ${lastStep}`) : '';
    const last = this.#stderr.trim().split('\n').slice(-3).join('\n  ');
    return new PosttrainError('engine-died', `the engine process ended ${how}${where}.${last ? `\n  ${last}` : ''}`, {
      help:
        verb === 'train'
          ? 'everything up to the last checkpoint is safe: run the same command with --resume. SIGKILL usually means that the machine ran out of memory: lower microBatch or data.maxTokens.'
          : 'load the model again. SIGKILL usually means that the machine ran out of memory.',
      data: { signal, code, step: lastStep ?? null },
    });
  }
}

export interface EngineRequest<Result> {
  readonly result: Promise<Result>;
  /** Asks for an end in good order; `result` then resolves. */
  stop(): void;
  /** The same, and where training has not come to its first step, `result` rejects with an error of code `aborted`. */
  abort(): void;
}

import type { Conversation, Message } from '../data/types.ts';
import { EngineProcess } from '../engine/host.ts';
import type { LoadResult } from '../engine/protocol.ts';
import { named, type Reward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { askEngine } from './engine-request.ts';
import type { JudgeOptions, LoadModelOptions } from './model.ts';

/** A reward model loaded in an engine of its own. Dispose of it to give the memory back. */
export class RewardModel implements AsyncDisposable {
  /** Tokens the model can see, prompt and answer together. */
  readonly contextLength: number;
  /** The folder it was loaded from. */
  readonly folder: string;
  readonly #engine: EngineProcess;

  private constructor(engine: EngineProcess, { contextLength, folder }: LoadResult) {
    this.#engine = engine;
    this.contextLength = contextLength;
    this.folder = folder;
  }

  /** @see loadRewardModel */
  static async load(
    model: string,
    { precision = 'auto', threads = 'auto' }: LoadModelOptions = {},
  ): Promise<RewardModel> {
    const engine = new EngineProcess();
    try {
      const request = { model, precision, threads };
      return new RewardModel(engine, await askEngine(engine, 'loadReward', request, undefined));
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * How good the last answer of each conversation is, batched. The unit is the model's own: differences between answers to one
   * prompt mean something, and σ of a difference is the chance that people prefer the first.
   * @throws data-invalid, data-overlong; the signal's reason when it is aborted
   */
  async score(
    conversations: readonly (readonly Message[] | Conversation)[],
    { signal, onDone }: JudgeOptions = {},
  ): Promise<readonly number[]> {
    const request = conversations.map((given) => ('messages' in given ? given : { messages: given }));
    return askEngine(this.#engine, 'score', request, signal, ({ done }) => onDone?.(done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

/**
 * Loads a reward model into an engine process: a folder in transformers' form (`…ForSequenceClassification`, one label), or a
 * checkpoint of a run.
 *
 * @example
 * await using judge = await loadRewardModel('runs/reward/checkpoints/step-200');
 * const [good, poor] = await judge.score([[...prompt, good], [...prompt, poor]]);
 */
export function loadRewardModel(model: string, options: LoadModelOptions = {}): Promise<RewardModel> {
  return RewardModel.load(model, options);
}

interface Waiting {
  readonly messages: readonly Message[];
  readonly signal: AbortSignal;
  readonly resolve: (score: number) => void;
  readonly reject: (error: unknown) => void;
}

/** A reward that is asked of a reward model; disposing of it gives the model's memory back. */
export type RewardModelReward = Reward & AsyncDisposable;

/**
 * A reward model as a reward, for `posttrain generate`, evaluation and training. A model that is named is loaded with the first
 * answer. Answers that are asked about at the same time, or while others are scored, are scored in one batch; one that cannot be
 * scored fails alone. An idle model does not keep the program from ending.
 * @throws (from the reward) what `loadRewardModel` and `score` throw
 */
export function rewardModel(model: string | RewardModel, options: LoadModelOptions = {}): RewardModelReward {
  let loading: Promise<RewardModel> | undefined = typeof model === 'string' ? undefined : Promise.resolve(model);
  let waiting: Waiting[] = [];
  let working = false;

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await settle(batch);
    }
    working = false;
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    const left = batch.filter(({ signal }) => !signal.aborted);
    using calling = new CallingOff(batch);
    try {
      loading ??= RewardModel.load(model as string, options);
      const scorer = await loading;
      const scores = await scorer.score(
        left.map(({ messages }) => messages),
        { signal: calling.all },
      );
      for (const [i, { resolve }] of left.entries()) resolve(scores[i]!);
    } catch (error) {
      if (!(left.length > 1 && isOfOneAnswer(error))) for (const { reject } of left) reject(error);
      else for (const half of halves(left)) await settle(half);
    }
  }

  const reward: Reward = ({ messages, text, reasoning }, { signal }) =>
    new Promise<number>((resolve, reject) => {
      if (!working) setImmediate(() => void work());
      working = true;
      const answer: Message = { role: 'assistant', content: text, ...(reasoning === undefined ? {} : { reasoning }) };
      waiting.push({ messages: [...messages, answer], signal, resolve, reject });
    });
  return Object.assign(named('reward-model', reward), {
    [Symbol.asyncDispose]: async () => {
      const loaded = await loading?.catch(() => undefined);
      await loaded?.[Symbol.asyncDispose]();
    },
  });
}

/** An answer that is too long, or that the template refuses, is found before any is scored, and is no fault of the others. */
function isOfOneAnswer(error: unknown): boolean {
  return PosttrainError.is(error) && (error.code === 'data-overlong' || error.code === 'data-invalid');
}

function halves<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** Callers of one batch who may each call it off: theirs is rejected at once, and the batch stops when nobody waits any more. */
class CallingOff implements Disposable {
  readonly #control = new AbortController();
  readonly #listening: (() => void)[] = [];

  constructor(batch: readonly Waiting[]) {
    const signals = new Set(batch.map(({ signal }) => signal));
    let left = signals.size;
    for (const signal of signals) {
      const off = () => {
        for (const one of batch) if (one.signal === signal) one.reject(signal.reason);
        if (--left === 0) this.#control.abort(signal.reason);
      };
      if (signal.aborted) off();
      else {
        signal.addEventListener('abort', off, { once: true });
        this.#listening.push(() => signal.removeEventListener('abort', off));
      }
    }
  }

  /** Aborted when every caller's signal is. */
  get all(): AbortSignal {
    return this.#control.signal;
  }

  [Symbol.dispose](): void {
    for (const stop of this.#listening) stop();
  }
}

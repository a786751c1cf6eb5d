import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Conversation, Renderer, Tokenizer } from '../data/index.ts';
import { forwardOnly, PackedAttention } from '../nn/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { scope, tensor, toArray } from '../tensor/index.ts';
import type { JudgingHooks } from './chat-model.ts';
import { refuseNonFinite } from './finite-weights.ts';
import type { LoadOptions } from './load.ts';
import { type LoadedRewardModel, loadRewardModel } from './load-reward-model.ts';
import { lastIndices } from './reward-model.ts';

/** Tokens that go through the model together, unless one conversation alone has more. */
const tokensTogether = 2048;
/** Conversations rendered together. */
const renderedTogether = 256;

/** A reward model with its tokenizer and chat template: conversations in, scores out, rendered as in training. */
export class ConversationScorer implements Disposable {
  readonly folder: string;
  readonly #loaded: LoadedRewardModel;
  readonly #renderer: Renderer;

  private constructor(loaded: LoadedRewardModel, tokenizer: Tokenizer) {
    this.#loaded = loaded;
    this.folder = loaded.folder;
    this.#renderer = new Renderer(tokenizer);
  }

  /** @throws what `loadRewardModel` and `Tokenizer.load` throw; weights-invalid where a weight is no number. */
  static async load(name: string, options: Pick<LoadOptions, 'precision'> = {}): Promise<ConversationScorer> {
    const loaded = loadRewardModel(name, options);
    try {
      refuseNonFinite(loaded);
      return new ConversationScorer(loaded, await Tokenizer.load(loaded.folder));
    } catch (error) {
      loaded.model[Symbol.dispose]();
      throw error;
    }
  }

  get contextLength(): number {
    return this.#loaded.model.dimensions.context;
  }

  /**
   * How good the last answer of each conversation is, in the model's own unit. What else is scored with it changes rounding at most.
   * @throws data-invalid where a conversation does not end in an answer, or cannot be rendered; data-overlong beyond the model's context
   */
  async score(conversations: readonly Conversation[], { signal, onDone }: JudgingHooks = {}): Promise<number[]> {
    const rows: (readonly number[])[] = [];
    for (let start = 0; start < conversations.length; start += renderedTogether) {
      rows.push(...(await this.#render(conversations.slice(start, start + renderedTogether), start)));
      await nextTurn();
      signal?.throwIfAborted();
    }
    const scores = new Array<number>(rows.length);
    for (const members of batches(rows)) {
      const given = this.#scoresOf(members.map((member) => rows[member]!));
      for (const [i, member] of members.entries()) scores[member] = given[i]!;
      onDone?.(members.length);
      await nextTurn();
      signal?.throwIfAborted();
    }
    return scores;
  }

  async #render(conversations: readonly Conversation[], first: number): Promise<(readonly number[])[]> {
    for (const [i, { messages }] of conversations.entries()) {
      if (messages.at(-1)?.role === 'assistant') continue;
      throw new PosttrainError(
        'data-invalid',
        `conversation ${first + i} does not end in an answer of the assistant.`,
        {
          help: 'a score is that of the last message; conversations count from 0.',
        },
      );
    }
    const rendered = await this.#renderer.renderBatch(
      conversations.map((conversation, i) => ({
        kind: 'conversation',
        ...conversation,
        origin: { file: 'conversation', line: first + i },
      })),
    );
    // A template that rewrites history makes a row of each turn; the last has the answer.
    return rendered.map(({ rows }, i) => this.#checked([...rows.at(-1)!.tokens], first + i));
  }

  #checked(tokens: readonly number[], index: number): readonly number[] {
    const { vocabulary } = this.#loaded.model.dimensions;
    if (tokens.length > this.contextLength)
      throw new PosttrainError(
        'data-overlong',
        `conversation ${index} has ${tokens.length} tokens; the reward model sees ${this.contextLength}.`,
        {
          help: 'leave it out, or shorten it: cut off, it would be another answer. Conversations count from 0.',
          data: { conversation: index },
        },
      );
    const unknown = tokens.find((id) => id >= vocabulary);
    if (unknown === undefined) return tokens;
    throw new PosttrainError(
      'model-invalid',
      `the tokenizer gives the id ${unknown}; the model knows ids up to ${vocabulary - 1}.`,
      { place: { file: this.folder }, help: 'tokenizer.json and the weights must come from the same model.' },
    );
  }

  #scoresOf(rows: readonly (readonly number[])[]): readonly number[] {
    const { model } = this.#loaded;
    return scope(() =>
      forwardOnly(() => {
        using attention = new PackedAttention(rows.map(({ length }) => length));
        const hidden = model.call(tensor(rows.flat(), { dtype: 'int64' }), attention);
        return toArray(model.scores(hidden, lastIndices(rows, model.pad)));
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#loaded.model[Symbol.dispose]();
  }
}

/** Rows by their positions, the longest first, so that rows of a batch are about as long. */
function* batches(rows: readonly (readonly number[])[]): Generator<readonly number[]> {
  const order = rows.map((_, i) => i).sort((a, b) => rows[b]!.length - rows[a]!.length || a - b);
  let batch: number[] = [];
  let tokens = 0;
  for (const index of order) {
    const { length } = rows[index]!;
    if (batch.length > 0 && tokens + length > tokensTogether) {
      yield batch;
      batch = [];
      tokens = 0;
    }
    batch.push(index);
    tokens += length;
  }
  if (batch.length > 0) yield batch;
}

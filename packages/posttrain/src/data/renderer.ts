import { PosttrainError } from '../support/errors.ts';
import { ChatTemplate, type ChatTemplateOptions } from './chat-template.ts';
import { ConversationText, type TextRow, type TrainOn } from './conversation-text.ts';
import { type SpecialTokens, StringGuards } from './guarded-messages.ts';
import { PlainRows } from './plain-rows.ts';
import { prefaced } from './prefaced.ts';
import { LimitError } from './python-semantics.ts';
import { RowEncoder, type WeightedTokens } from './row-encoder.ts';
import { RowError, RowProblems } from './row-problems.ts';
import { tokenIdRow } from './token-ids.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { TemplateSource } from './tokenizer-files.ts';
import type { Example, Message, RowOrigin, TokenRow } from './types.ts';

export interface RendererOptions extends Pick<ChatTemplateOptions, 'now' | 'limits'> {
  /** What carries loss; default `assistant`. Text rows always learn every token, and segments have weights of their own. */
  readonly train?: TrainOn;
  /** Default `text`: control strings in the data stay text. Segments may always write them out. */
  readonly specialTokens?: SpecialTokens;
  /** A text that is put in front of each conversation, as its system message or the start of it, and of each plain prompt. */
  readonly preface?: string | undefined;
  /** Instead of the tokenizer's own. */
  readonly chatTemplate?: TemplateSource | undefined;
  /** Further variables of the template, such as `enable_thinking`. */
  readonly templateVariables?: Readonly<Record<string, unknown>>;
}

/** What one example became. */
export interface Rendered {
  /** One row; several where a template makes each assistant turn a row of its own; none where the example failed. */
  readonly rows: readonly TokenRow[];
  /** Control strings that the example spells, which became text. */
  readonly controlStrings: readonly string[];
  /** Tokens would have run over the end of a prompt, so prompt and answer were encoded apart. */
  readonly splitAtPrompt: boolean;
  /** The template rewrites history, so each turn is a row. */
  readonly perTurn: boolean;
  /** A turn's prompt at serving is not what stands before it in training. */
  readonly promptDiffers: boolean;
}

/** Text of an example, ready to be encoded. */
type Draft =
  | {
      readonly kind: 'conversation';
      readonly rows: readonly TextRow[];
      readonly perTurn: boolean;
      readonly alone: () => readonly TextRow[];
    }
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'segments'; readonly example: Extract<Example, { kind: 'segments' }> }
  | { readonly kind: 'tokens'; readonly row: Omit<TokenRow, 'origin'> };

interface Outcome {
  readonly rows: readonly Omit<TokenRow, 'origin'>[];
  readonly split: boolean;
  readonly perTurn: boolean;
}

/**
 * Turns examples into token ids and loss weights together, and messages into the prompt that a model continues, by one
 * path: the tokens before an answer in training are those that serving gives.
 */
export class Renderer {
  readonly tokenizer: Tokenizer;
  readonly train: TrainOn;
  readonly specialTokens: SpecialTokens;
  readonly #preface: string | undefined;
  readonly #guards: StringGuards;
  readonly #conversations: ConversationText | undefined;
  readonly #encoder: RowEncoder;
  readonly #plain: PlainRows;

  /** @throws template-invalid where there is a chat template that cannot be parsed */
  constructor(tokenizer: Tokenizer, options: RendererOptions = {}) {
    this.tokenizer = tokenizer;
    this.train = options.train ?? 'assistant';
    this.specialTokens = options.specialTokens ?? 'text';
    this.#preface = options.preface;
    const source = options.chatTemplate ?? tokenizer.chatTemplate;
    const controls = tokenizer.controlTokens(source?.source);
    this.#guards = new StringGuards(controls, this.specialTokens);
    this.#encoder = new RowEncoder(tokenizer, controls);
    this.#plain = new PlainRows(this.#encoder, this.#guards);
    if (!source) return;
    const variables = { ...specialTokenVariables(tokenizer), ...options.templateVariables };
    this.#conversations = new ConversationText(new ChatTemplate(source, { ...options, variables }), controls);
  }

  async render(example: Example): Promise<Rendered> {
    return (await this.renderBatch([example]))[0]!;
  }

  /**
   * Renders and encodes examples together.
   * @param problems collects the examples that cannot be rendered, which come back without rows; by default they are thrown
   */
  async renderBatch(examples: readonly Example[], problems?: RowProblems): Promise<Rendered[]> {
    const collected = problems ?? new RowProblems();
    const found = examples.map((): string[] => []);
    const drafts = examples.map((example, i) => this.#draft(example, found[i]!, collected));
    if (!problems) collected.throwIfAny(examples.length, 'cannot be rendered');
    const outcomes = await this.#encode(drafts);
    return examples.map(({ origin }, i): Rendered => {
      const draft = drafts[i];
      const { rows, split, perTurn } = outcomes[i] ?? { rows: [], split: false, perTurn: false };
      return {
        rows: rows.map((row) => ({ ...row, origin })),
        controlStrings: found[i]!,
        splitAtPrompt: split,
        perTurn,
        promptDiffers: draft?.kind === 'conversation' && draft.rows.some(({ promptDiffers }) => promptDiffers),
      };
    });
  }

  /**
   * The ids that a model is to continue: the conversation so far and the header of an assistant turn.
   * @throws template-invalid without a chat template, special-token under `specialTokens: error`
   */
  async renderPrompt(messages: readonly Message[], options: { tools?: readonly unknown[] } = {}): Promise<Int32Array> {
    const found: string[] = [];
    try {
      const safe = this.#guards.messages(messages, found);
      const text = this.#template().prompt(safe, this.#guards.tools(options.tools, found));
      this.#refuse(found);
      return (await this.#encoder.encode([text], { specialTokens: false }))[0]!.ids;
    } catch (thrown) {
      if (thrown instanceof RowError) throw new PosttrainError('data-invalid', thrown.message, { help: thrown.help });
      throw thrown;
    }
  }

  #draft(example: Example, found: string[], problems: RowProblems): Draft | undefined {
    try {
      const draft = this.#draftOf(this.#preface === undefined ? example : prefaced(example, this.#preface), found);
      this.#refuse(found);
      return draft;
    } catch (thrown) {
      if (thrown instanceof RowError) problems.add(example.origin, thrown.message, thrown.help);
      // A template out of bounds takes seconds, and would take them again for every row.
      else if (PosttrainError.is(thrown) && thrown.cause instanceof LimitError) throw atRow(thrown, example.origin);
      else if (PosttrainError.is(thrown) && thrown.code !== 'tokenizer-invalid') {
        problems.add(example.origin, thrown.message, thrown.help, thrown.code);
      } else throw thrown;
      return undefined;
    }
  }

  #draftOf(example: Example, found: string[]): Draft {
    switch (example.kind) {
      case 'text':
        return { kind: 'text', text: this.#plain.guardText(example, found) };
      case 'completion':
        return { kind: 'completion', ...this.#plain.guardCompletion(example, found) };
      case 'segments':
        return { kind: 'segments', example };
      case 'tokens':
        return { kind: 'tokens', row: tokenIdRow(example, this.tokenizer.vocabSize) };
      case 'conversation': {
        const messages = this.#guards.messages(example.messages, found);
        const tools = this.#guards.tools(example.tools, found);
        const template = this.#template();
        const alone = () => template.plan(messages, tools, this.train, true).rows;
        return { kind: 'conversation', ...template.plan(messages, tools, this.train), alone };
      }
    }
  }

  async #encode(drafts: readonly (Draft | undefined)[]): Promise<(Outcome | undefined)[]> {
    const outcomes: (Outcome | undefined)[] = drafts.map(() => undefined);
    const put = (index: number, rows: Outcome['rows'], split = false, perTurn = false) => {
      outcomes[index] = { rows, split, perTurn };
    };
    const texts = indexed(drafts, 'text');
    const textRows = await this.#plain.texts(texts.map(([, draft]) => draft.text));
    for (const [i, [index]] of texts.entries()) put(index, [textRows[i]!]);
    const pairs = indexed(drafts, 'completion');
    const completions = await this.#plain.completions(
      pairs.map(([, draft]) => draft),
      this.train === 'all',
    );
    for (const [i, [index]] of pairs.entries()) put(index, [completions[i]!.row], completions[i]!.split);
    const segments = indexed(drafts, 'segments');
    const segmentRows = await this.#plain.segments(segments.map(([, draft]) => draft.example));
    for (const [i, [index]] of segments.entries()) put(index, [segmentRows[i]!]);
    for (const [index, draft] of indexed(drafts, 'tokens')) put(index, [draft.row]);
    const conversations = indexed(drafts, 'conversation');
    const encoded = await this.#encoder.encodeRows(conversations.flatMap(([, draft]) => draft.rows));
    let next = 0;
    for (const [index, draft] of conversations) {
      const rows = encoded.slice(next, next + draft.rows.length);
      next += draft.rows.length;
      const whole = rows.filter((row) => row !== undefined);
      if (whole.length === rows.length) put(index, whole, false, draft.perTurn);
      else put(index, await this.#encodeAlone(draft.alone()), true, draft.perTurn || draft.rows[0]!.prompts.length > 1);
    }
    return outcomes;
  }

  /** Each turn as a row, its prompt encoded by itself wherever the tokens would otherwise differ. */
  async #encodeAlone(rows: readonly TextRow[]): Promise<WeightedTokens[]> {
    const encoded = await this.#encoder.encodeRows(rows);
    return Promise.all(rows.map(async (row, i) => encoded[i] ?? (await this.#encoder.encodeApart(row))));
  }

  #template(): ConversationText {
    if (this.#conversations) return this.#conversations;
    throw new PosttrainError('template-invalid', 'the model has no chat template, and the data has conversations', {
      help: 'put a chat_template.jinja beside tokenizer.json (an instruction-tuned model of the family has one),\nor write the rows as prompt and completion, or as text, which need none.',
    });
  }

  #refuse(found: readonly string[]): void {
    if (this.specialTokens !== 'error' || found.length === 0) return;
    throw new PosttrainError('special-token', `the text spells the control tokens ${[...new Set(found)].join(' ')}`, {
      help: 'specialTokens: text keeps them as text (the default); allow makes them control tokens.',
    });
  }
}

function atRow({ code, message, help, cause }: PosttrainError, { file, line }: RowOrigin): PosttrainError {
  return new PosttrainError(code, `${file}:${line}: ${message}`, { help, cause, place: { file, line } });
}

function indexed<K extends Draft['kind']>(drafts: readonly (Draft | undefined)[], kind: K) {
  return drafts.flatMap((draft, index) =>
    draft?.kind === kind ? [[index, draft as Extract<Draft, { kind: K }>] as const] : [],
  );
}

/** The special tokens under the names that templates know them by. */
function specialTokenVariables({ bos, eos, pad, unk }: Tokenizer): Record<string, string> {
  const tokens = { bos_token: bos?.token, eos_token: eos?.token, pad_token: pad?.token, unk_token: unk?.token };
  return Object.fromEntries(
    Object.entries(tokens).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

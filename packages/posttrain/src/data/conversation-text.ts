import { PosttrainError } from '../support/errors.ts';
import type { ChatTemplate, RenderedChat } from './chat-template.ts';
import { type AddedToken, alternation } from './control-strings.ts';
import type { Message } from './types.ts';

/** What carries loss: the assistant's turns, the last of them only, or every token. */
export type TrainOn = 'assistant' | 'completion' | 'all';

/** Text of a row before it is tokens: which characters carry loss, and where the prompts of its turns end. */
export interface TextRow {
  readonly text: string;
  /** `[start, end)` of the characters to learn. */
  readonly spans: readonly (readonly [number, number])[];
  /** For each turn to learn, the length of the text that serving would give the model before it. */
  readonly prompts: readonly number[];
  /** A turn's prompt at serving is not what stands before it here (only where the template marks its own spans). */
  readonly promptDiffers: boolean;
}

export interface ConversationPlan {
  readonly rows: readonly TextRow[];
  /** The template writes history differently from the turn it just answered, so each turn is a row. */
  readonly perTurn: boolean;
}

interface Turn {
  readonly alone: TextRow;
  /** Its spans in the whole conversation, or undefined where the whole does not contain the turn as it was. */
  readonly inWhole: TextRow['spans'] | undefined;
  /** Length of the turn's prompt in characters, where it is a prefix of the turn's text. */
  readonly prompt: number | undefined;
}

/** Renders conversations and finds in the text what each assistant turn wrote. */
export class ConversationText {
  readonly template: ChatTemplate;
  readonly #controls: RegExp | undefined;
  #readsReasoning: boolean | undefined;
  #checked = false;

  constructor(template: ChatTemplate, controls: readonly AddedToken[]) {
    this.template = template;
    this.#controls = controls.length > 0 ? alternation(controls.map(({ content }) => content)) : undefined;
  }

  /** The text before an assistant turn, as generation gets it. */
  prompt(messages: readonly Message[], tools?: readonly unknown[]): string {
    return this.template.render({ messages: this.#withReasoning(messages), tools, addGenerationPrompt: true }).text;
  }

  /**
   * The rows of a conversation. One row holds all turns where each stands in the whole exactly as it did when it was the
   * last; where the template rewrites history (drops reasoning, say), or `perTurn` asks for it, each turn is its own row.
   * @throws template-invalid where the start of a turn cannot be found
   */
  plan(
    raw: readonly Message[],
    tools: readonly unknown[] | undefined,
    train: TrainOn,
    perTurn = false,
  ): ConversationPlan {
    const messages = this.#withReasoning(raw);
    const whole = this.template.render({ messages, tools });
    const length = whole.text.length;
    if (train === 'all') return { rows: [plainRow(whole.text, [[0, length]])], perTurn: false };
    this.#checkEndOfTurn();
    const learned = [...messages.keys()].filter((i) => messages[i]!.role === 'assistant' && messages[i]!.weight !== 0);
    const indices = train === 'completion' ? learned.slice(-1) : learned;
    if (indices.length === 0) return { rows: [plainRow(whole.text, [])], perTurn: false };
    const turns = indices.map((index) => this.#turn(messages, tools, index, whole, train));
    if (perTurn || turns.some(({ inWhole }) => inWhole === undefined)) {
      return { rows: turns.map(({ alone }) => alone), perTurn: turns.length > 1 };
    }
    return { rows: [joinTurns(turns, whole)], perTurn: false };
  }

  #turn(
    messages: readonly Message[],
    tools: readonly unknown[] | undefined,
    index: number,
    whole: RenderedChat,
    train: TrainOn,
  ): Turn {
    const before = messages.slice(0, index);
    const prompt = this.template.render({ messages: before, tools, addGenerationPrompt: true }).text;
    const isLast = index === messages.length - 1;
    const through = isLast ? whole : this.template.render({ messages: messages.slice(0, index + 1), tools });
    const fits = through.text.startsWith(prompt);
    const useTags = this.template.hasGenerationTags && (train === 'assistant' || !fits);
    if (!fits && !useTags) throw this.#promptError(prompt, through.text);
    const start = useTags ? this.#historyEnd(before, tools, through.text) : prompt.length;
    const end = isLast ? whole.text.length : this.#stableEnd(messages, tools, index, through, whole, start);
    const spans = (chat: RenderedChat, to: number) =>
      useTags ? chat.spans.filter(([from]) => from >= start && from < to) : [[start, to] as const];
    const alone = spans(through, through.text.length);
    return {
      alone: { text: through.text, spans: alone, prompts: fits ? [prompt.length] : [], promptDiffers: !fits },
      inWhole: end === undefined ? undefined : spans(whole, end),
      prompt: fits ? prompt.length : undefined,
    };
  }

  /** Where the history before a turn ends in the text: spans from there on belong to the turn. */
  #historyEnd(before: readonly Message[], tools: readonly unknown[] | undefined, text: string): number {
    if (!before.some(({ role }) => role === 'assistant')) return 0;
    const history = this.template.render({ messages: before, tools }).text;
    return this.#snap(text, commonPrefix(history, text));
  }

  /**
   * Where a turn ends in the whole conversation, if the whole contains it as it was when it was the last. What a template
   * writes only at the very end (Phi-3's `<|endoftext|>`) is told from the turn by rendering a generation prompt after it.
   */
  #stableEnd(
    messages: readonly Message[],
    tools: readonly unknown[] | undefined,
    index: number,
    through: RenderedChat,
    whole: RenderedChat,
    start: number,
  ): number | undefined {
    if (whole.text.startsWith(through.text)) return through.text.length;
    const upTo = messages.slice(0, index + 1);
    const continued = this.template.render({ messages: upTo, tools, addGenerationPrompt: true }).text;
    const end = this.#snap(through.text, commonPrefix(continued, through.text));
    return end > start && whole.text.startsWith(through.text.slice(0, end)) ? end : undefined;
  }

  /** A position moved back to the start of the control string that it would cut. */
  #snap(text: string, position: number): number {
    if (!this.#controls) return position;
    for (const match of text.matchAll(this.#controls)) {
      if (match.index >= position) break;
      if (match.index + match[0].length > position) return match.index;
    }
    return position;
  }

  /** Reasoning goes where the template reads it; a template that knows none gets it as tags before the answer. */
  #withReasoning(messages: readonly Message[]): readonly Message[] {
    if (messages.every(({ reasoning }) => reasoning === undefined) || this.#knowsReasoning()) return messages;
    return messages.map(({ reasoning, ...message }) => {
      if (reasoning === undefined) return message;
      return { ...message, content: `<think>\n${reasoning}\n</think>\n\n${message.content}` };
    });
  }

  #knowsReasoning(): boolean {
    this.#readsReasoning ??=
      this.#probe({ role: 'assistant', content: ANSWER, reasoning: THOUGHT })?.text.includes(THOUGHT) ?? false;
    return this.#readsReasoning;
  }

  #probe(answer: Message): RenderedChat | undefined {
    try {
      return this.template.render({ messages: [{ role: 'user', content: 'Question?' }, answer] });
    } catch {
      return undefined; // a template that refuses the probe is judged by the rows themselves
    }
  }

  /** A model learns to stop only from the token that ends its turn, so that token must carry loss. Checked once. */
  #checkEndOfTurn(): void {
    if (this.#checked) return;
    this.#checked = true;
    const probe = this.#probe({ role: 'assistant', content: ANSWER });
    if (!probe?.text.includes(ANSWER)) return;
    const answerEnd = probe.text.lastIndexOf(ANSWER) + ANSWER.length;
    const lossEnd = this.template.hasGenerationTags ? (probe.spans.at(-1)?.[1] ?? 0) : probe.text.length;
    if (lossEnd > answerEnd || lossEnd === 0) return;
    throw new PosttrainError(
      'template-invalid',
      'the chat template lets an answer end without a token that ends the turn',
      {
        help: this.template.hasGenerationTags
          ? 'move {% endgeneration %} behind the end-of-turn token, so that the model learns to stop.'
          : 'write the end-of-turn token (such as {{ eos_token }}) after the content of assistant turns.',
        place: { file: this.template.file },
      },
    );
  }

  #promptError(prompt: string, text: string): PosttrainError {
    const at = commonPrefix(prompt, text);
    const excerpt = (from: string) => JSON.stringify(from.slice(Math.max(0, at - 20), at + 30));
    return new PosttrainError(
      'template-invalid',
      `the chat template asks for an answer in one way and writes it in another, so its start cannot be found: the prompt has ${excerpt(prompt)} where the conversation has ${excerpt(text)}`,
      {
        help: 'mark what the assistant writes with {% generation %} … {% endgeneration %} in the template (or set the variable\nthat turns its thinking off, often enable_thinking: false), or train: all.',
        place: { file: this.template.file },
      },
    );
  }
}

const ANSWER = 'Forty-two.';
const THOUGHT = 'Six times seven.';

function plainRow(text: string, spans: TextRow['spans']): TextRow {
  return { text, spans, prompts: [], promptDiffers: false };
}

function joinTurns(turns: readonly Turn[], whole: RenderedChat): TextRow {
  return {
    text: whole.text,
    spans: turns.flatMap(({ inWhole }) => inWhole ?? []),
    prompts: turns.flatMap(({ prompt }) => (prompt === undefined ? [] : [prompt])),
    promptDiffers: turns.some(({ alone }) => alone.promptDiffers),
  };
}

/** Length of the longest common beginning of two texts. */
function commonPrefix(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}

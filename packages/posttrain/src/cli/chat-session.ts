import type { Message } from '../data/types.ts';
import { printable } from '../support/terminal/width.ts';
import type { GenerateOptions, Model } from './library.ts';

export interface Answer {
  readonly text: string;
  readonly tokens: number;
  readonly finish: 'stop' | 'length' | 'aborted';
}

/** A conversation with one model. Without chat template (`raw`) every prompt stands alone and is continued as text. */
export class ChatSession {
  readonly #model: Pick<Model, 'stream'>;
  readonly #options: GenerateOptions;
  readonly #system: string | undefined;
  readonly #raw: boolean;
  #history: Message[] = [];

  constructor(
    model: Pick<Model, 'stream'>,
    options: { readonly system?: string; readonly raw?: boolean; readonly generate: GenerateOptions },
  ) {
    this.#model = model;
    this.#options = options.generate;
    this.#system = options.system;
    this.#raw = options.raw === true;
    this.clear();
  }

  /** Forgets the conversation; the system message stays. */
  clear(): void {
    this.#history = this.#system === undefined ? [] : [{ role: 'system', content: this.#system }];
  }

  /**
   * Answers `prompt`, handing each piece of text to `write` as it comes. An aborted answer stays in the conversation
   * as far as it got; when the model fails, the conversation is as it was before the prompt.
   */
  async ask(prompt: string, write: (text: string) => void, signal?: AbortSignal): Promise<Answer> {
    const input: Message[] | string = this.#raw ? prompt : [...this.#history, { role: 'user', content: prompt }];
    let text = '';
    let tokens = 0;
    let finish: Answer['finish'] = 'aborted';
    try {
      for await (const part of this.#model.stream(input, signal ? { ...this.#options, signal } : this.#options)) {
        text += part.text;
        tokens += part.tokens.length;
        write(printable(part.text));
        if (part.finish) finish = part.finish;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    if (typeof input !== 'string') this.#history = [...input, { role: 'assistant', content: text }];
    return { text, tokens, finish };
  }
}

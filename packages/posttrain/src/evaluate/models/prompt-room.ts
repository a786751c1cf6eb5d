import type { Message } from '../../data/index.ts';
import { Renderer, Tokenizer } from '../../data/index.ts';
import type { Prompt } from '../request.ts';

export interface FittedPrompt {
  /** What is asked; null where the prompt cannot be cut, since its turns belong together. */
  readonly prompt: Prompt | null;
  /** Tokens that were left out. */
  readonly cut: number;
}

/**
 * Prompts as far as a model can see them with room for the answer. Text loses its beginning, as in
 * lm-evaluation-harness; a conversation that is too long is not asked at all.
 */
export class PromptRoom {
  readonly #tokenizer: Tokenizer;
  readonly #contextLength: number;
  #renderer: Renderer | undefined;

  private constructor(tokenizer: Tokenizer, contextLength: number) {
    this.#tokenizer = tokenizer;
    this.#contextLength = contextLength;
  }

  static async of(folder: string, contextLength: number): Promise<PromptRoom> {
    return new PromptRoom(await Tokenizer.load(folder), contextLength);
  }

  /** @param maxTokens of the answer; it keeps at most half of the context free */
  async fit(prompts: readonly Prompt[], maxTokens: number): Promise<FittedPrompt[]> {
    const room = this.#contextLength - Math.min(maxTokens, Math.floor(this.#contextLength / 2));
    const lengths = await this.#lengths(prompts);
    return Promise.all(
      prompts.map(async (prompt, i): Promise<FittedPrompt> => {
        const length = lengths[i]!;
        if (typeof prompt !== 'string') {
          return length < this.#contextLength ? { prompt, cut: 0 } : { prompt: null, cut: length };
        }
        if (length <= room) return { prompt, cut: 0 };
        const kept = await this.#lastTokens(prompt, room);
        return { prompt: kept.text, cut: length - kept.tokens };
      }),
    );
  }

  async #lengths(prompts: readonly Prompt[]): Promise<number[]> {
    const texts = prompts.filter((prompt) => typeof prompt === 'string');
    const encoded = (await this.#tokenizer.encodeFramed(texts))[Symbol.iterator]();
    return Promise.all(
      prompts.map((prompt) => (typeof prompt === 'string' ? encoded.next().value!.length : this.#rendered(prompt))),
    );
  }

  async #rendered(messages: readonly Message[]): Promise<number> {
    this.#renderer ??= new Renderer(this.#tokenizer);
    return (await this.#renderer.renderPrompt(messages)).length;
  }

  /** The longest end of a text that has at most so many tokens. */
  async #lastTokens(text: string, most: number): Promise<{ text: string; tokens: number }> {
    const count = async (start: number) => (await this.#tokenizer.encodeFramed([text.slice(start)]))[0]!.length;
    let [tooLong, fits] = [0, text.length];
    while (fits - tooLong > 1) {
      const middle = (fits + tooLong) >> 1;
      if ((await count(middle)) > most) tooLong = middle;
      else fits = middle;
    }
    // Never between the halves of one character.
    if (/[\uDC00-\uDFFF]/.test(text.charAt(fits))) fits++;
    return { text: text.slice(fits), tokens: await count(fits) };
  }
}

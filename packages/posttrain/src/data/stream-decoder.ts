/**
 * Turns generated tokens into text as they come. A token can end inside a character, and the decoder of a word piece can
 * depend on the piece before it; so text is given out only when it can no longer change.
 */
export class StreamDecoder {
  readonly #decode: (ids: readonly number[]) => string;
  #ids: number[] = [];
  /** `#ids[0, #settled)` has been given out; it stays as context for what follows. */
  #settled = 0;

  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** The characters that this token completes; often one word, sometimes none. */
  push(id: number): string {
    this.#ids.push(id);
    const known = this.#decode(this.#ids.slice(0, this.#settled));
    const text = this.#decode(this.#ids);
    if (text.length <= known.length || text.endsWith('\uFFFD')) return '';
    this.#ids = this.#ids.slice(this.#settled);
    this.#settled = this.#ids.length;
    return text.slice(known.length);
  }

  /** What is left at the end, where an unfinished character shows as U+FFFD. */
  end(): string {
    const known = this.#decode(this.#ids.slice(0, this.#settled));
    const text = this.#decode(this.#ids);
    this.#ids = [];
    this.#settled = 0;
    return text.slice(known.length);
  }
}

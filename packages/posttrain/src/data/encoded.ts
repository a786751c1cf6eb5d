import type { NativeEncoding } from './native-tokenizer.ts';

/** Tokens of one text, which know where in the text they stand. */
export class Encoded {
  readonly ids: Int32Array;
  readonly #text: string;
  readonly #encoding: NativeEncoding;
  readonly #astral: boolean;

  constructor(text: string, encoding: NativeEncoding, ids = Int32Array.from(encoding.getIds())) {
    this.#text = text;
    this.#encoding = encoding;
    this.ids = ids;
    // The tokenizer counts code points and JavaScript counts UTF-16 units: the same, unless there are surrogates.
    this.#astral = /[\uD800-\uDBFF]/.test(text);
  }

  /**
   * The tokens that cover the characters `[start, end)` of the text, wholly or in part, as a range of token indices.
   * White space that a token's own range leaves out belongs to the token after it.
   */
  tokenRange(start: number, end: number): [number, number] {
    const from = this.#codePoint(start);
    const to = this.#codePoint(end);
    let first = this.#firstTokenFrom(from, to);
    if (first === undefined) return [this.ids.length, this.ids.length];
    let last = this.#lastTokenBefore(from, to) ?? first;
    // A token of spaces alone has an empty range, and a character split over several tokens is found at the first only.
    for (let before = this.#chars(first - 1); before && before[1] > from; before = this.#chars(first - 1)) first--;
    for (let before = this.#chars(first - 1); before && before[0] >= from; before = this.#chars(first - 1)) first--;
    for (let after = this.#chars(last + 1); after && after[0] < to; after = this.#chars(last + 1)) last++;
    return [first, last + 1];
  }

  #firstTokenFrom(from: number, to: number): number | undefined {
    for (let position = from; position < to; position++) {
      const token = this.#encoding.charToToken(position);
      if (token !== null) return token;
    }
    return undefined;
  }

  #lastTokenBefore(from: number, to: number): number | undefined {
    for (let position = to - 1; position >= from; position--) {
      const token = this.#encoding.charToToken(position);
      if (token !== null) return token;
    }
    return undefined;
  }

  #chars(token: number): [number, number] | undefined {
    return token < 0 || token >= this.ids.length ? undefined : (this.#encoding.tokenToChars(token) ?? undefined);
  }

  #codePoint(index: number): number {
    return this.#astral ? [...this.#text.slice(0, index)].length : index;
  }
}

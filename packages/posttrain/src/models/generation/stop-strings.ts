/**
 * Watches streamed text for strings that end it. What might be the beginning of one is held back until it is known
 * not to be, so that no reader ever sees a part of a stop string.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  /** More text; returns what may be shown, and whether a stop string has now come. Nothing after it is shown. */
  push(text: string): { text: string; stopped: boolean } {
    this.#held += text;
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      const shown = this.#held.slice(0, Math.min(...found));
      this.#held = '';
      return { text: shown, stopped: true };
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => overlap(this.#held, stop)));
    const shown = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return { text: shown, stopped: false };
  }

  /** What was held back when the text ends otherwise. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Length of the longest end of `text` that a proper beginning of `stop` matches. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

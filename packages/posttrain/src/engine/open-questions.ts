import type { ScoreAnswer } from './protocol.ts';

/** What the engine has asked the host and waits for. */
export class OpenQuestions {
  readonly #open = new Map<number, (answer: ScoreAnswer) => void>();
  #next = 1;

  /** @param send sends the question under the number it is given. */
  ask(send: (ask: number) => void): Promise<ScoreAnswer> {
    const ask = this.#next++;
    return new Promise((resolve) => {
      this.#open.set(ask, resolve);
      send(ask);
    });
  }

  answered(ask: number, answer: ScoreAnswer): void {
    this.#open.get(ask)?.(answer);
    this.#open.delete(ask);
  }
}

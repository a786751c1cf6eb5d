/**
 * Events on their way to a reader that may be slow, or never come. Step events beyond the limit are dropped, oldest
 * first, and counted; every other event is kept.
 */
export class EventQueue<Event extends { readonly type: string }> implements AsyncIterable<Event> {
  readonly #limit: number;
  #events: Event[] = [];
  /** Readers that wait for the next event. */
  #waiting: (() => void)[] = [];
  #end: { readonly error?: unknown } | undefined;
  #dropped = 0;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  /** Step events nobody has seen. */
  get dropped(): number {
    return this.#dropped;
  }

  push(event: Event): void {
    this.#events.push(event);
    if (this.#events.length > this.#limit) {
      const oldest = this.#events.findIndex(({ type }) => type === 'step');
      if (oldest >= 0) {
        this.#events.splice(oldest, 1);
        this.#dropped++;
      }
    }
    this.#wake();
  }

  /** No more events; a reader gets those still queued, then `error` where there is one. */
  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      const next = this.#events.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      await new Promise<void>((wake) => {
        this.#waiting.push(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

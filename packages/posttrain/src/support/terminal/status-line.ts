import { type Palette, palette } from './colours.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from './format.ts';
import { displayWidth, fit } from './width.ts';

/** What a training run, or anything with a count of steps, shows while it goes on. */
export interface Progress {
  readonly label: string;
  readonly step: number;
  readonly steps: number;
  readonly loss?: number | undefined;
  readonly tokensPerSecond?: number | undefined;
  readonly secondsLeft?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

const longestBar = 24;
const shortestBar = 6;

/** One line of at most `width` columns. The bar gives way first, then memory, speed, and time left. */
export function formatProgress(progress: Progress, width: number, colours: Palette = palette(false)): string {
  const total = formatCount(progress.steps);
  const head = `${progress.label} ${formatCount(progress.step).padStart(total.length)}/${total}`;
  const facts = [
    progress.loss === undefined ? '' : `loss ${formatNumber(progress.loss)}`,
    progress.secondsLeft === undefined ? '' : `${formatDuration(progress.secondsLeft)} left`,
    progress.tokensPerSecond === undefined ? '' : `${formatCount(progress.tokensPerSecond)} tokens/s`,
    progress.memoryBytes === undefined ? '' : formatBytes(progress.memoryBytes),
  ].filter((fact) => fact !== '');
  const shown = facts.length;
  while (facts.length > 0 && displayWidth([head, ...facts].join(' · ')) > width) facts.pop();
  const tail = facts.map((fact) => ` · ${fact}`).join('');
  const room = Math.min(longestBar, width - displayWidth(head + tail) - 1);
  const bar =
    facts.length === shown && room >= shortestBar
      ? ` ${progressBar(progress.step / Math.max(1, progress.steps), room, colours)}`
      : '';
  return bar === '' ? fit(head + tail, width) : head + bar + tail;
}

export function progressBar(share: number, width: number, colours: Palette = palette(false)): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return colours.cyan('━'.repeat(full)) + colours.dim('─'.repeat(width - full));
}

export interface StatusStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface StatusLineOptions {
  readonly stream: StatusStream;
  /** False writes plain lines even to a terminal (CI). */
  readonly live?: boolean;
  /** Seconds between two plain lines where there is no terminal. */
  readonly everySeconds?: number;
  /** Milliseconds; tests set the time. */
  readonly now?: () => number;
}

/** Milliseconds between two drawings: faster than this nobody reads, and slow terminals would hold the caller up. */
const redrawEvery = 80;

/**
 * A line that is drawn again in place on a terminal. Elsewhere it becomes one plain line every few seconds, so that a
 * log stays readable. Other text goes through `print`, which keeps the line below it.
 */
export class StatusLine {
  readonly #stream: StatusStream;
  readonly #live: boolean;
  readonly #interval: number;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #shown = '';
  #pending: string | undefined;

  constructor(options: StatusLineOptions) {
    this.#stream = options.stream;
    this.#live = options.live ?? options.stream.isTTY === true;
    this.#interval = this.#live ? redrawEvery : (options.everySeconds ?? 10) * 1000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Columns to write in: one less than the terminal's, since writing its last column can wrap. */
  get width(): number {
    return this.#live ? Math.max(10, (this.#stream.columns ?? 80) - 1) : 120;
  }

  /** Shows the line, or keeps it for later when one was shown a moment ago. `render` gets the width. */
  update(render: (width: number) => string): void {
    const line = fit(render(this.width), this.width);
    this.#pending = line;
    if (this.#now() - this.#drawnAt < this.#interval) return;
    this.#draw(line);
  }

  /** A line of its own, above the live one. */
  print(text: string): void {
    if (this.#live && this.#shown !== '') this.#stream.write('\r\x1b[K');
    this.#stream.write(`${text}\n`);
    if (this.#live && this.#shown !== '') this.#stream.write(this.#shown);
  }

  /** Shows the last update, if it was held back, and leaves the line standing. */
  done(): void {
    if (this.#pending !== undefined && this.#pending !== this.#shown) this.#draw(this.#pending);
    if (this.#live && this.#shown !== '') this.#stream.write('\n');
    this.#shown = '';
    this.#pending = undefined;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#live && this.#shown !== '') this.#stream.write('\r\x1b[K');
    this.#shown = '';
    this.#pending = undefined;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(line: string): void {
    this.#drawnAt = this.#now();
    this.#shown = line;
    this.#stream.write(this.#live ? `\r${line}\x1b[K` : `${line}\n`);
  }
}

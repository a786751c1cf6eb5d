import type { StepEvent } from '../runs/index.ts';
import type { StudyProgress } from './events.ts';

/** Counts training runs and knows how long the rest will take, as the runs until now took on average. */
export class StudyClock {
  readonly #of: number;
  readonly #over = new Map<string, number>();
  /** Of a whole run, as the first one says while it goes on. */
  #estimate: number | null = null;

  /** @param of runs of the whole study */
  constructor(of: number) {
    this.#of = of;
  }

  /** A run is over. Gives false where it was counted before, since a run of the sweep is also one of its seeds. */
  add(run: string, seconds: number): boolean {
    if (this.#over.has(run)) return false;
    this.#over.set(run, seconds);
    return true;
  }

  now(): StudyProgress {
    const mean = this.#meanSeconds();
    return { ...this.#counts(), etaSeconds: mean === null ? null : mean * (this.#of - this.#over.size) };
  }

  /** While a run goes on, its own estimate counts; the first run stands for all that follow. */
  during({ eta, step, steps }: Pick<StepEvent, 'eta' | 'step' | 'steps'>): StudyProgress {
    if (eta === null) return this.now();
    if (steps > step) this.#estimate = (eta * steps) / (steps - step);
    const mean = this.#meanSeconds() ?? this.#estimate;
    const later = this.#of - this.#over.size - 1;
    return { ...this.#counts(), etaSeconds: mean === null && later > 0 ? null : eta + (mean ?? 0) * later };
  }

  #counts() {
    return { done: this.#over.size, of: this.#of };
  }

  #meanSeconds(): number | null {
    if (this.#over.size === 0) return null;
    return [...this.#over.values()].reduce((sum, seconds) => sum + seconds, 0) / this.#over.size;
  }
}

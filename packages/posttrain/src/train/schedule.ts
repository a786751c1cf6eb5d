/** How the learning rate moves from 0 to its peak and down again, as a factor of the peak. */
export interface ScheduleOptions {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps of linear warm-up; a number below 1 is a share of all steps. */
  readonly warmup: number;
  /** The factor at the end. */
  readonly floor: number;
  /** Share of all steps spent at the peak before the descent begins. */
  readonly hold: number;
}

/** Warm-up in steps: a share is rounded up, as transformers does. */
export function warmupSteps(warmup: number, steps: number): number {
  return warmup < 1 ? Math.ceil(warmup * steps) : warmup;
}

/**
 * The factor at each step, counted from 0: step/warmup while warming up, then from 1 at the peak to `floor` at `steps`.
 * `floor` 0 and `hold` 0 give transformers' schedules of the same names.
 */
export function scheduleFactor(step: number, steps: number, options: ScheduleOptions): number {
  const warmup = warmupSteps(options.warmup, steps);
  if (step < warmup) return step / Math.max(1, warmup);
  const start = warmup + Math.round(options.hold * steps);
  if (options.kind === 'constant' || step < start) return 1;
  const progress = Math.min(1, (step - start) / Math.max(1, steps - start));
  const descent = options.kind === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return options.floor + (1 - options.floor) * descent;
}

import type { ResolvedAlarm } from '../runs/index.ts';
import { nearestFirst } from '../support/nearest.ts';
import type { StepReport } from './loop.ts';

export interface Ringing {
  readonly message: string;
  readonly help: string;
}

/** Watches the metrics of steps, and says when one has been where it should not be for too long. */
export class Alarms {
  readonly #alarms: readonly { readonly alarm: ResolvedAlarm; steps: number }[];
  #checked = false;
  /** An alarm whose action is to stop has rung. */
  stopping = false;

  constructor(alarms: readonly ResolvedAlarm[]) {
    this.#alarms = alarms.map((alarm) => ({ alarm, steps: 0 }));
  }

  /** What rings at this step. An alarm rings once, and again when its metric has been well in between. */
  check({ step, metrics = {} }: Pick<StepReport, 'step' | 'metrics'>): Ringing[] {
    const unknown = this.#checked ? [] : this.#unknown(metrics);
    this.#checked = true;
    const ringing = this.#alarms.flatMap((watch): Ringing[] => {
      const { metric, above, below, steps, action } = watch.alarm;
      const value = metrics[metric];
      const bad =
        value !== undefined && ((above !== undefined && value > above) || (below !== undefined && value < below));
      watch.steps = bad ? watch.steps + 1 : value === undefined ? watch.steps : 0;
      if (watch.steps !== steps) return [];
      if (action === 'stop') this.stopping = true;
      const bound = above !== undefined && value! > above ? `above ${above}` : `below ${below}`;
      const ended = action === 'stop' ? '; the run stops here' : '';
      return [
        {
          message: `step ${step}: ${metric} is ${round(value!)}, ${bound} for ${steps} steps${ended}.`,
          help: 'alarms in the recipe say what rings, and whether the run then stops.',
        },
      ];
    });
    return [...unknown, ...ringing];
  }

  #unknown(metrics: Readonly<Record<string, number>>): Ringing[] {
    const names = Object.keys(metrics);
    return this.#alarms.flatMap(({ alarm: { metric } }) => {
      if (metric in metrics) return [];
      return [
        {
          message: `the first step has no metric ${metric}, which an alarm watches.`,
          help: `it has ${nearestFirst(metric, names).join(', ')}.`,
        },
      ];
    });
  }
}

const round = (value: number) => Number(value.toPrecision(3));

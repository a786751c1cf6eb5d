import type { EvaluatedModel } from '../results/evaluation.ts';
import { showChange, showInterval } from './figures.ts';

/** What runs say that they forgot, of their own reports. */
export function forgottenBy(models: readonly EvaluatedModel[]) {
  return models.flatMap(({ id, forgetting }) =>
    (forgetting?.rows ?? [])
      .filter(({ verdict }) => verdict === 'regressed')
      .map(({ name, difference, interval, unit }) => ({
        model: id,
        name,
        change: `${showChange(difference, unit)} ${showInterval(interval, unit)}`.trim(),
      })),
  );
}

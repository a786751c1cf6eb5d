import type { MeanMetric } from '../metric.ts';

/** A share of the documents that it applies to, of which more is better unless told. */
export function share<Doc>(
  about: string,
  reading: Partial<Omit<MeanMetric<Doc>, 'kind' | 'about' | 'unit'>> = {},
): MeanMetric<Doc> {
  return { kind: 'mean', about, unit: 'share', higherIsBetter: true, ...reading };
}

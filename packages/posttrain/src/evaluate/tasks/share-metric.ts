import type { MeanMetric, MetricReading } from '../metric.ts';

/** A share of the documents that it applies to, of which more is better unless told. */
export function share<Doc>(
  about: string,
  {
    higherIsBetter = true,
    ...reading
  }: Partial<Omit<MetricReading<Doc>, 'about' | 'unit'>> & { higherIsBetter?: boolean } = {},
): MeanMetric<Doc> {
  return { kind: 'mean', about, unit: 'share', higherIsBetter, ...reading };
}

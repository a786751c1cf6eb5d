import type { EvaluationResult } from '../results/evaluation.ts';

/** How the figures came about, in a line. */
export function factsOf({ comparisons, limit, seed, models, results }: EvaluationResult): string[] {
  const dtypes = [...new Set(models.map(({ fingerprint }) => fingerprint.dtype))].join(', ');
  const judges = [...new Set(results.flatMap(({ judge }) => (judge ? [judge.id] : [])))];
  return [
    ...(comparisons.length === 0
      ? []
      : [
          comparisons.every(({ unpaired }) => unpaired.length === 0)
            ? 'identical documents in all columns'
            : 'differences on identical documents',
        ]),
    ...(limit !== null
      ? [`at most ${limit} documents of each task`]
      : [results.some(({ planned, of }) => planned < of) ? 'samples of the documents' : 'all documents']),
    `seed ${seed}`,
    dtypes,
    judges.length === 0 ? 'no judge' : `judge ${judges.join(', ')}`,
  ];
}

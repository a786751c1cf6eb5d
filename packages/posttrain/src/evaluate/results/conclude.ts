import { type ComparedTask, type Comparison, compareModels, judgedChange } from './compare.ts';
import type { EvaluatedModel, EvaluationResult, NotRun } from './evaluation.ts';
import { checkRequirement, type Requirement } from './requirement.ts';
import type { TaskResult } from './task-result.ts';
import { warningsOf } from './warnings.ts';

/** What one model did. */
export interface ConcludedModel {
  readonly model: EvaluatedModel;
  readonly results: readonly TaskResult[];
  readonly notRun: readonly NotRun[];
  readonly tasks: ReadonlyMap<string, ComparedTask>;
}

export interface ConcludeOptions {
  readonly seed?: number | undefined;
  readonly limit?: number | undefined;
  readonly draws?: number | undefined;
  readonly margins?: Readonly<Record<string, number>> | undefined;
  readonly requirements?: readonly Requirement[] | undefined;
  /** It ended early, so nothing has passed or failed. */
  readonly stopped: boolean;
  readonly overlapWith: string | null;
  /** Further sentences for the reader. */
  readonly remarks?: readonly string[];
}

/** Compares every later model with the first, checks the requirements and gathers what a reader must know. */
export function conclude(concluded: readonly ConcludedModel[], options: ConcludeOptions): EvaluationResult {
  const { seed = 1, limit = null, draws, margins, requirements = [], stopped, overlapWith, remarks = [] } = options;
  const [first, ...others] = concluded.map(({ model, tasks }) => ({ ...model, tasks }));
  const comparisons = others.map((other) => compareModels(first!, other, { seed, draws, margins }));
  const models = concluded.map(({ model }) => model);
  const results = concluded.flatMap((one) => one.results);
  const notRun = concluded.flatMap((one) => one.notRun);
  const partial = stopped || results.some((result) => result.partial);
  const facts = { results, notRun, comparison: comparisons.at(-1) ?? null };
  return {
    version: 1,
    ...{ seed, limit, partial, models, results, notRun, comparisons },
    requirements: partial ? [] : requirements.map((one) => checkRequirement(one, models.at(-1)!.id, facts)),
    overlapWith,
    warnings: [...warningsOf({ models, results, notRun, comparisons }), ...fewDraws(comparisons, draws), ...remarks],
  };
}

/** Resampling never shows a p below that of its own number of draws, which many rows together may need. */
function fewDraws(comparisons: readonly Comparison[], draws = 2000): string[] {
  return comparisons.flatMap(({ before, after, rows }) => {
    const least = 2 / (draws + 1);
    const missed = rows.filter((row) => {
      const { interval, p } = judgedChange(row);
      const away = interval !== null && (interval.low > 0 || interval.high < 0);
      return row.test === 'bootstrap' && row.verdict === 'inconclusive' && away && p !== null && p < 2 * least;
    });
    if (missed.length === 0) return [];
    const names = missed.map(({ task, metric }) => `${task} ${metric}`).join(', ');
    return [
      `${before} → ${after}: ${draws} draws are too few to tell among ${rows.length} rows whether ${names} changed; --final makes 10,000.`,
    ];
  });
}

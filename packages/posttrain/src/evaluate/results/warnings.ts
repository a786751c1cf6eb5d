import type { JudgeReport } from '../judge/counted-judge.ts';
import type { EvaluatedModel, EvaluationResult } from './evaluation.ts';
import { describeCounts } from './guards.ts';
import type { TaskResult } from './task-result.ts';

/** What a reader must know before the figures, one sentence each. */
export function warningsOf({
  models,
  results,
  notRun,
  comparisons,
}: Pick<EvaluationResult, 'models' | 'results' | 'notRun' | 'comparisons'>): string[] {
  return [
    ...models.flatMap(({ id, caveats }) => caveats.map((caveat) => `${id}: ${caveat}`)),
    ...templateWarnings(models),
    ...notRun.map(({ task, model, why }) => `${task} was not run with ${model}: ${why}`),
    ...comparisons.flatMap(({ before, after, unpaired }) =>
      unpaired.map(
        ({ task, ...only }) =>
          `${task}: ${only.before} documents of ${before} and ${only.after} of ${after} are not in the other; differences are of those that both answered.`,
      ),
    ),
    ...results.flatMap((result) => taskWarnings(result).map((what) => `${result.task}, ${result.model}: ${what}`)),
  ];
}

function templateWarnings(models: readonly EvaluatedModel[]): string[] {
  const [first] = models;
  return models
    .filter(({ fingerprint }) => fingerprint.template !== first!.fingerprint.template)
    .map(({ id }) => `${id} has another chat template than ${first!.id}; tasks of messages are rendered differently.`);
}

function taskWarnings(result: TaskResult): string[] {
  const counts = describeCounts(result.counts);
  return [
    ...(result.invalid === null ? [] : [`invalid: ${result.invalid}.`]),
    ...(result.partial ? [`partial: ${result.n} of ${result.planned} documents were answered.`] : []),
    ...(counts.length === 0 ? [] : [`${counts.join(', ')} (of ${result.n}).`]),
    ...(result.overlap ? [`${result.overlap} of ${result.n} documents are in the training data.`] : []),
    ...(result.judge ? judgeWarnings(result.judge) : []),
  ];
}

function judgeWarnings({ id, asked, failed, reasons, calibration, judgesItself, orders }: JudgeReport): string[] {
  const failures = failed.unparseable + failed.unreachable + failed.timeout;
  return [
    ...(failures === 0
      ? []
      : [`judge ${id} gave no verdict on ${failures} of ${asked} questions (${reasons.join('; ')}).`]),
    ...(orders === null || orders.flips === 0
      ? []
      : [`judge ${id} changed ${orders.flips} of ${orders.n} comparisons with the order; they count as ties.`]),
    ...(calibration === null
      ? [`judge ${id} is not calibrated: its rows are indicative.`]
      : calibration.indicative === null
        ? []
        : [`judge ${id}: its rows are indicative, ${calibration.indicative}.`]),
    ...(judgesItself ? [`judge ${id} judges its own answers.`] : []),
  ];
}

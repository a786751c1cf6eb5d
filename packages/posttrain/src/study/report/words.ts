import { type Comparison, showFigure } from '../../evaluate/index.ts';
import { seedsForClaim } from '../../scoring/index.ts';
import { formatCount } from '../../support/terminal/format.ts';
import { ratesForClaim } from '../claim.ts';
import type { ArmFigure, ArmResult, StudyFigure, StudyResult } from '../result.ts';

/** What every form of the report says in the same words. */

export const claimRule = `${seedsForClaim} or more training seeds for each arm, fixed beforehand; ${ratesForClaim} or more learning rates for each, in sweeps of equal size, chosen on development documents; equal tokens; a test that resamples seeds and documents, with Holm's adjustment across rows; the documents of the comparison read once`;

/** Whether the result is a claim, and if not why, as one sentence and a list. */
export function claimWords({ claim }: StudyResult): { readonly sentence: string; readonly reasons: readonly string[] } {
  return claim.isClaim
    ? { sentence: 'This is a claim about methods by the rule.', reasons: [] }
    : { sentence: 'This is not a claim about methods by the rule:', reasons: claim.why };
}

/** Mean over seeds, and how far seeds are apart. */
export function showArmFigure({ mean, spread }: ArmFigure, unit: StudyFigure['unit']): string {
  return `${showFigure(mean, unit)}${spread === null ? '' : ` ± ${showFigure(spread, unit)}`}`;
}

/** One comparison for each arm beside the baseline. */
export function comparisonsOf({ arms, rows, baseline }: StudyResult): Comparison[] {
  return arms
    .filter(({ name }) => name !== baseline)
    .map(({ name }) => ({ before: baseline, after: name, rows: rows.filter(({ arm }) => arm === name), unpaired: [] }));
}

/** What an arm was: method, point of its sweep, runs, tokens. */
export function armFacts({ method, model, point, choice, runs, tokens }: ArmResult): string {
  if (method === null) return `${model}, as it is`;
  const diverged = runs.filter(({ status }) => status === 'diverged').length;
  return [
    `${method} of ${model}`,
    choice === null ? '' : `${point}, of ${choice.figures.length} tried`,
    `${runs.length} ${runs.length === 1 ? 'seed' : 'seeds'}${diverged === 0 ? '' : `, ${diverged} diverged`}`,
    tokens === null ? '' : `${tokensText(tokens)} tokens each`,
  ]
    .filter((fact) => fact !== '')
    .join('; ');
}

function tokensText({ mean, least, most }: NonNullable<ArmResult['tokens']>): string {
  return least === most ? formatCount(mean) : `${formatCount(least)} to ${formatCount(most)}`;
}

/** How often the documents were read, as a sentence. */
export function readWords({ reads }: StudyResult): string {
  const times = reads === 1 ? 'once' : `${reads} times`;
  return `The documents of the comparison were read ${times}, on record in reads.jsonl.`;
}

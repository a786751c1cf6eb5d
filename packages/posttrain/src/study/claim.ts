import { seedsForClaim } from '../scoring/index.ts';
import { formatCount } from '../support/terminal/format.ts';
import type { PlannedArm, StudyPlan } from './plan.ts';
import type { RunOutcome, StudyRead } from './study-folder.ts';

/** Learning rates that each arm of a claim about a method tries. */
export const ratesForClaim = 3;

/** Arms trained on token counts closer than this share count as equal. */
const tokenTolerance = 0.01;

/** Whether the study is a claim about methods by the rule, and what it lacks. */
export interface Claim {
  readonly isClaim: boolean;
  /** Empty for a claim. */
  readonly why: readonly string[];
}

/** Tokens that the runs of an arm were trained on, at its chosen point. */
export interface ArmTokens {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

export interface ClaimFacts {
  readonly plan: StudyPlan;
  /** By trained arm; null where no run came to its end. */
  readonly tokens: Readonly<Record<string, ArmTokens | null>>;
  /** By trained arm the seeds that diverged. */
  readonly diverged: Readonly<Record<string, readonly string[]>>;
  readonly reads: readonly StudyRead[];
}

/**
 * The rule: 5 training seeds for each arm, fixed beforehand; 3 or more learning rates for each, sweeps of equal size, chosen on
 * development documents; equal tokens; the test read once.
 */
export function claimOf({ plan, tokens, diverged, reads }: ClaimFacts): Claim {
  const trained = plan.arms.filter(({ method }) => method !== null);
  const why = [
    ...(trained.length === 0 ? ['no arm is trained'] : []),
    ...(plan.seeds.length < seedsForClaim
      ? [
          `each arm has ${plan.seeds.length} training ${plan.seeds.length === 1 ? 'seed' : 'seeds'}; the rule asks for ${seedsForClaim}`,
        ]
      : []),
    ...trained.flatMap(rateReason),
    ...sweepReason(trained),
    ...tokenReason(plan, tokens),
    ...Object.entries(diverged).flatMap(([arm, seeds]) => seeds.map((seed) => `${arm} diverged: ${seed}`)),
    ...readReason(plan, reads),
  ];
  return { isClaim: why.length === 0, why };
}

function rateReason({ name, points }: PlannedArm): string[] {
  const rates = new Set(points.map(({ recipe }) => recipe.lr)).size;
  if (rates >= ratesForClaim) return [];
  return [
    `${name} tries ${rates} learning ${rates === 1 ? 'rate' : 'rates'}; the rule asks for ${ratesForClaim} or more`,
  ];
}

function sweepReason(trained: readonly PlannedArm[]): string[] {
  const sizes = new Set(trained.map(({ points }) => points.length));
  if (sizes.size < 2) return [];
  const list = trained.map(({ name, points }) => `${name} ${points.length}`).join(', ');
  return [`the sweeps are of unequal size: points tried by ${list}`];
}

function tokenReason({ allow }: StudyPlan, tokens: ClaimFacts['tokens']): string[] {
  const known = Object.entries(tokens).flatMap(([arm, count]) => (count ? [{ arm, mean: count.mean }] : []));
  const [least, most] = [Math.min(...known.map(({ mean }) => mean)), Math.max(...known.map(({ mean }) => mean))];
  if (known.length < 2 || !differ(least, most)) return [];
  const list = known.map(({ arm, mean }) => `${arm} ${formatCount(mean)}`).join(', ');
  const allowed = allow.includes('unequal-tokens') ? ', which the study allows' : '';
  return [`the arms were trained on unequal numbers of tokens${allowed}: ${list}`];
}

/** Why an arm cannot be compared with the baseline: both are trained, and not on the same amount of text. */
export function unequalTokens(plan: StudyPlan, tokens: ClaimFacts['tokens'], arm: string): string | undefined {
  const [before, after] = [tokens[plan.baseline], tokens[arm]];
  if (!before || !after || plan.allow.includes('unequal-tokens') || !differ(before.mean, after.mean)) return undefined;
  return `${arm} was trained on ${formatCount(after.mean)} tokens and ${plan.baseline} on ${formatCount(before.mean)}; allow: [unequal-tokens] compares them all the same`;
}

function differ(a: number, b: number): boolean {
  return Math.abs(a - b) > tokenTolerance * Math.max(a, b);
}

function readReason({ hash }: StudyPlan, reads: readonly StudyRead[]): string[] {
  const others = new Set(reads.filter(({ plan }) => plan !== hash).map(({ plan }) => plan)).size;
  if (others === 0) return [];
  return [
    `the documents of the comparison were read before, under ${others === 1 ? 'another plan' : `${others} other plans`}`,
  ];
}

/** Of the runs of one arm; null where none came to its end. */
export function tokensOf(outcomes: readonly RunOutcome[]): ArmTokens | null {
  const counts = outcomes.filter(({ status }) => status === 'finished').map(({ tokens }) => tokens);
  if (counts.length === 0) return null;
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return { mean, least: Math.min(...counts), most: Math.max(...counts) };
}

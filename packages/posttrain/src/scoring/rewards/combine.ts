import { PosttrainError } from '../../support/errors.ts';
import { type DetailedScore, named, type Reward, type Sample, type ScoringContext } from '../contract.ts';
import { type NamedScore, nameOf, scoreSample } from './score-sample.ts';

export interface WeightedReward<Row> {
  readonly reward: Reward<Row>;
  readonly weight: number;
}

export interface RewardCombination<Row> {
  /** Conditions, 0 to 1, that multiply the sum of the terms: a format never pays by itself. */
  readonly gates?: readonly Reward<Row>[];
  /** What the answer earns. */
  readonly terms: readonly WeightedReward<Row>[];
  /**
   * Other things that an answer may be, such as an abstention or a refusal: null where it is not. One that applies pays in place of
   * gates and terms, and at most one may apply.
   */
  readonly branches?: readonly Reward<Row>[];
  /** At most 0, added whatever else pays. */
  readonly penalties?: readonly Reward<Row>[];
}

/**
 * R = Π gates · Σ weight · term, or the one branch that applies; plus the penalties. Every component is a part of the score under its
 * own name (`gate.`, `branch.`, `penalty.` before it), parts of a component under `name.part`.
 *
 * Components that are null count for nothing; where no term and no branch applies, the score is null and the sample is to be left out of
 * its group, not scored 0. Terms are not asked where a gate is 0, so a shut gate costs no judge.
 *
 * @throws PosttrainError `usage` for no terms, or components of one name; `reward-invalid` for a gate outside [0, 1], a penalty above 0,
 *   or two branches that both apply
 */
export function combineRewards<Row>(combination: RewardCombination<Row>, name = 'combined'): Reward<Row> {
  const { gates = [], terms, branches = [], penalties = [] } = combination;
  checkNames([...gates, ...terms.map(({ reward }) => reward), ...branches, ...penalties], terms.length);
  return named(name, async (sample: Sample<Row>, context: ScoringContext) => {
    const parts: Record<string, number> = {};
    const ask = (reward: Reward<Row>, prefix = ''): Promise<NamedScore> =>
      logged(reward, prefix, sample, context, parts);
    const penalty = await sumOfPenalties(penalties, ask);
    const branch = await onlyBranch(branches, ask);
    const earned = branch?.value ?? (await gatedSum(gates, terms, ask));
    const why = branch?.why ?? branch?.reward;
    if (earned === null) return { value: null, parts } satisfies DetailedScore;
    return { value: earned + penalty, parts, ...(why === undefined ? {} : { why }) } satisfies DetailedScore;
  });
}

type Ask<Row> = (reward: Reward<Row>, prefix?: string) => Promise<NamedScore>;

async function logged<Row>(
  reward: Reward<Row>,
  prefix: string,
  sample: Sample<Row>,
  context: ScoringContext,
  parts: Record<string, number>,
): Promise<NamedScore> {
  const score = await scoreSample(reward, sample, context);
  if (score.value !== null) parts[prefix + score.reward] = score.value;
  for (const [part, value] of Object.entries(score.parts)) parts[`${prefix}${score.reward}.${part}`] = value;
  return score;
}

async function gatedSum<Row>(
  gates: readonly Reward<Row>[],
  terms: readonly WeightedReward<Row>[],
  ask: Ask<Row>,
): Promise<number | null> {
  let open = 1;
  for (const gate of gates) {
    const { value, reward } = await ask(gate, 'gate.');
    if (value !== null && (value < 0 || value > 1))
      throw new PosttrainError('reward-invalid', `gate ${reward} gave ${value}, outside 0 to 1.`);
    open *= value ?? 1;
    if (open === 0) return 0;
  }
  let sum: number | null = null;
  for (const { reward, weight } of terms) {
    const { value } = await ask(reward);
    if (value !== null) sum = (sum ?? 0) + weight * value;
  }
  return sum === null ? null : open * sum;
}

async function onlyBranch<Row>(branches: readonly Reward<Row>[], ask: Ask<Row>): Promise<NamedScore | undefined> {
  let chosen: NamedScore | undefined;
  for (const branch of branches) {
    const score = await ask(branch, 'branch.');
    if (score.value === null) continue;
    if (chosen)
      throw new PosttrainError(
        'reward-invalid',
        `branches ${chosen.reward} and ${score.reward} both pay for one answer.`,
        {
          help: 'a branch gives null where the answer is not of its kind',
        },
      );
    chosen = score;
  }
  return chosen;
}

async function sumOfPenalties<Row>(penalties: readonly Reward<Row>[], ask: Ask<Row>): Promise<number> {
  let sum = 0;
  for (const penalty of penalties) {
    const { value, reward } = await ask(penalty, 'penalty.');
    if (value !== null && value > 0)
      throw new PosttrainError('reward-invalid', `penalty ${reward} gave ${value}, which is above 0.`);
    sum += value ?? 0;
  }
  return sum;
}

function checkNames(rewards: readonly { readonly name: string }[], terms: number): void {
  if (terms === 0) throw new PosttrainError('usage', 'a combination without terms rewards nothing.');
  const names = rewards.map(nameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new PosttrainError('usage', `two rewards of the combination are called ${twice}, so their logs would mix.`, {
      help: 'give each a name of its own: named("citations", reward)',
    });
}

import type { Pack, Rollout, TokenRow } from '../../data/types.ts';
import { type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { weightOf } from '../batch.ts';
import { k3Divergence, reverseDivergence } from '../losses/divergence.ts';
import { type PolicyOptions, policyTerms } from '../losses/policy-gradient.ts';
import type { Batch, BatchObjective, Metrics } from '../objective.ts';

export interface PolicyObjectiveOptions extends PolicyOptions {
  /** Logits are divided by it, as the sampler's are. */
  readonly temperature: number;
  /** Terms are meant over each answer and then over answers, over all tokens, or summed over answers · `longest` tokens. */
  readonly mean: 'sequence' | 'token' | 'constant';
  readonly longest: number;
  /** A divergence from the reference in the loss. */
  readonly divergence: { readonly beta: number; readonly kind: 'reverse' | 'k3' } | null;
  /** What becomes of tokens that sampler and trainer see differently, by the ratio of trainer to sampler probability. */
  readonly correction: 'none' | 'truncate' | 'mask';
  readonly correctionCap: number;
  /** Weight of the entropy of each token's distribution, which is to stay high (Mnih et al. 2016, arXiv:1602.01783, §4); 0: none. */
  readonly entropy: number;
}

/** What was drawn by the model, by its advantages: PPO, the GRPO family and RLOO. Rows have a `rollout`. */
export function policyObjective(name: string, options: PolicyObjectiveOptions): BatchObjective {
  const { mean, longest, divergence } = options;
  return {
    name,
    needs: 'all-logps',
    dropout: false,
    temperature: options.temperature,
    entropy: options.entropy > 0,
    weight: (packs) => weightOfAnswers(packs, mean, longest),
    loss(logp, batch, entropy) {
      const answers = answersOf(batch, logp);
      const { old, sampled, reference, advantages, counts } = answers;
      const policy = policyTerms(logp, old, advantages, counts, options);
      const corrected = policy.terms.mul(corrections(old, sampled, options));
      const diverging =
        divergence && reference ? corrected.add(divergenceOf(divergence, logp, old, reference)) : corrected;
      const terms = entropy ? diverging.sub(entropy.mul(options.entropy)) : diverging;
      const shares = counts.flatMap((count) =>
        Array.from({ length: count }, () => (mean === 'sequence' ? 1 / count : 1)),
      );
      const sum = terms.mul(tensor(shares, { device: logp.device })).sumAll();
      return { sum, ...watched({ logp, ratios: policy.ratios, entropy }, answers, options) };
    },
  };
}

function divergenceOf(
  { beta, kind }: NonNullable<PolicyObjectiveOptions['divergence']>,
  logp: Tensor,
  old: Tensor,
  reference: Tensor,
): Tensor {
  return (kind === 'k3' ? k3Divergence(logp, reference) : reverseDivergence(logp, old, reference)).mul(beta);
}

function weightOfAnswers(packs: readonly Pack[], mean: PolicyObjectiveOptions['mean'], longest: number): number {
  if (mean === 'token') return weightOf(packs);
  return packs.flat().length * (mean === 'constant' ? longest : 1);
}

interface Answers {
  readonly old: Tensor; //              [M]
  readonly sampled: Tensor; //          [M]
  readonly reference: Tensor | null; // [M]
  readonly advantages: Tensor; //       [M]
  readonly counts: readonly number[];
  /** The model is still the one that drew the answers. */
  readonly fresh: boolean;
}

function answersOf({ rows }: Batch, logp: Tensor): Answers {
  const rollouts = rows.map(({ row }) => rolloutOf(row));
  const counts = rows.map(({ count }) => count);
  const device = logp.device;
  const fresh = rollouts.every(({ old }) => old === null);
  const joined = (lists: readonly (readonly number[])[]) => tensor(lists.flat(), { device });
  return {
    // The model that drew them: then the ratio is 1, to the last bit.
    old: fresh ? logp.detach() : joined(rollouts.map(({ old }) => [...old!])),
    sampled: joined(rollouts.map(({ sampled }) => [...sampled])),
    reference: rollouts.every(({ reference }) => reference)
      ? joined(rollouts.map(({ reference }) => [...reference!]))
      : null,
    advantages: joined(rollouts.map(({ advantages }) => [...advantages])),
    counts,
    fresh,
  };
}

function rolloutOf({ rollout }: TokenRow): Rollout {
  if (rollout) return rollout;
  throw new TypeError('a row of policy optimisation has its rollout');
}

/** Importance weights of trainer against sampler, [M] (Yao et al. 2025, truncated; masked beyond the cap or its inverse). */
function corrections(
  old: Tensor,
  sampled: Tensor,
  { correction, correctionCap: cap }: PolicyObjectiveOptions,
): Tensor | number {
  if (correction === 'none') return 1;
  const weights = old.sub(sampled).exp();
  if (correction === 'truncate') return weights.clamp(0, cap);
  return weights.maskedFill(weights.gt(cap), 0).maskedFill(weights.lt(1 / cap), 0);
}

interface Seen {
  readonly logp: Tensor;
  readonly ratios: Tensor;
  readonly entropy: Tensor | undefined;
}

function watched(
  { logp, ratios, entropy }: Seen,
  { old, sampled, reference, advantages, fresh }: Answers,
  { surrogate, clipLow, clipHigh }: PolicyObjectiveOptions,
): { readonly metrics: Metrics; readonly peaks: Metrics } {
  const now = logp.detach();
  const logps = toArray(now);
  const [ratio, advantage] = [toArray(ratios), toArray(advantages) as number[]];
  const clipped = ratio.map((r, i) => {
    const [high, low] = [r > 1 + clipHigh && advantage[i]! > 0, r < 1 - clipLow && advantage[i]! < 0];
    return high || (low && surrogate === 'clip') ? 1 : 0;
  });
  const metrics = {
    // Where it is not measured: −log π of what π drew, an estimate without bias while the model is the one that drew.
    entropy: entropy ? (toArray(entropy.detach()) as number[]) : logps.map((value) => -value),
    clipped,
    ratio,
    // How far this update is from the model that drew: Schulman's k3 of KL(π_old‖π).
    klOld: toArray(k3Divergence(old, now)) as number[],
    ...(reference ? { kl: toArray(k3Divergence(now, reference)) as number[] } : {}),
  };
  if (!fresh) return { metrics, peaks: {} };
  const apart = toArray(sampled.sub(old));
  const sizes = apart.map(Math.abs);
  return {
    metrics: { ...metrics, mismatch: sizes, mismatchK3: apart.map((change) => Math.expm1(-change) + change) },
    peaks: { mismatchMax: sizes },
  };
}

import type { Pack } from '../../data/types.ts';
import { type Tensor, toArray } from '../../tensor/index.ts';
import type { BatchObjective, Metrics } from '../objective.ts';
import { type AnswerLogps, pairLogps, type Reference } from './pair-logps.ts';

/** What an objective makes of P pairs. */
export interface PairLosses {
  /** One loss a pair, float32 [P]. */
  readonly losses: Tensor;
  /** The reward that the objective sees in each answer, float32 [P]. */
  readonly rewards: { readonly chosen: Tensor; readonly rejected: Tensor };
}

/** An objective whose loss is a mean over pairs: a pack is a chosen answer and the rejected one. */
export function pairObjective(
  name: string,
  reference: Reference | null,
  lossesOf: (chosen: AnswerLogps, rejected: AnswerLogps) => PairLosses,
): BatchObjective {
  return {
    name,
    needs: 'all-logps',
    dropout: false,
    weight: (packs: readonly Pack[]) => packs.length,
    loss(logp, batch) {
      const { chosen, rejected } = pairLogps(logp, batch, reference);
      const { losses, rewards } = lossesOf(chosen, rejected);
      const [good, bad] = [toArray(rewards.chosen.detach()), toArray(rewards.rejected.detach())];
      const metrics = { ...rewardMetrics(good, bad), ...logpMetrics(chosen, rejected, reference !== null) };
      return { sum: losses.sumAll(), metrics };
    },
  };
}

/** @param chosen rewards of the chosen answers of P pairs  @param rejected of the rejected ones */
export function rewardMetrics(chosen: readonly number[], rejected: readonly number[]): Metrics {
  const margins = chosen.map((reward, i) => reward - rejected[i]!);
  return {
    chosenReward: chosen,
    rejectedReward: rejected,
    margin: margins,
    // A tie is no preference: half right.
    accuracy: margins.map((margin) => (margin > 0 ? 1 : margin === 0 ? 0.5 : 0)),
  };
}

/** Log-probabilities per answer, and how far they have moved from the reference, per token, in nats. */
function logpMetrics(chosen: AnswerLogps, rejected: AnswerLogps, compared: boolean): Metrics {
  const moved = ({ logps, references, lengths }: AnswerLogps) => toArray(logps.detach().sub(references).div(lengths));
  return {
    chosenLogp: toArray(chosen.logps.detach()),
    rejectedLogp: toArray(rejected.logps.detach()),
    ...(compared ? { chosenDrift: moved(chosen), rejectedDrift: moved(rejected) } : {}),
  };
}

/** Mean log-probability per token, [P]. */
export function meanLogps({ logps, lengths }: AnswerLogps): Tensor {
  return logps.div(lengths);
}

import {
  discountedReturns,
  explainedVariance,
  generalisedAdvantages,
  spreadOf,
  tokenRewards,
  whitening,
} from '../losses/gae.ts';
import type { CreditRule, GradedAnswer } from './credit.ts';

export interface GaeOptions {
  readonly gamma: number;
  readonly lambda: number;
  /** Weight of log π/π_ref of each token, which is taken off its reward; 0: none. */
  readonly beta: number;
  /** Advantages of all answers together are brought to mean 0 and variance 1. */
  readonly whiten: boolean;
}

/** Each token against what a critic expected before it. Returns are advantages before whitening plus values: the critic's targets. */
export function gaeCredit({ gamma, lambda, beta, whiten }: GaeOptions): CreditRule {
  const reckon = ({ reward, learnt, tokens, old, reference, values }: GradedAnswer) => {
    const known = [...values!];
    // What is not learnt from has no surprise in it.
    if (reward === null || !learnt) return { values: known, advantages: known.map(() => 0), came: null };
    const rewards = tokenRewards(reward, beta, old, reference, tokens);
    return {
      values: known,
      advantages: generalisedAdvantages(rewards, known, { gamma, lambda }),
      came: discountedReturns(rewards, gamma),
    };
  };
  return {
    comparesWithReference: beta > 0,
    asksCritic: true,
    credit(answers) {
      const reckoned = answers.map(reckon);
      const learnt = reckoned.filter(({ came }) => came !== null);
      const advantages = learnt.flatMap((answer) => answer.advantages);
      const scaled = whiten ? whitening(advantages) : (value: number) => value;
      return {
        answers: reckoned.map((answer) => ({
          advantages: Float32Array.from(answer.advantages, (value) => (answer.came === null ? 0 : scaled(value))),
          valued: {
            values: Float32Array.from(answer.values),
            returns: Float32Array.from(answer.values, (value, t) => value + answer.advantages[t]!),
          },
        })),
        metrics: watched(
          learnt.flatMap(({ values }) => values),
          advantages,
          learnt.flatMap(({ came }) => came!),
        ),
      };
    },
  };
}

/** @param came discounted rewards after each token: λ plays no part in how well the critic is said to expect them */
function watched(values: readonly number[], advantages: readonly number[], came: readonly number[]) {
  const [advantage, returned] = [spreadOf(advantages), spreadOf(came)];
  const explained = explainedVariance(values, came);
  return {
    value: spreadOf(values).mean,
    return: returned.mean,
    returnStd: Math.sqrt(returned.variance),
    advantage: advantage.mean,
    advantageStd: Math.sqrt(advantage.variance),
    ...(explained === null ? {} : { explainedVariance: explained }),
  };
}

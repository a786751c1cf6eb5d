import type { CreditRule } from './credit.ts';

/**
 * Each answer against the others to its prompt: all of its tokens share one advantage.
 * @param beta weight of log π/π_ref of the whole answer, which is taken off its reward; 0: none
 * @param advantages from the rewards of the answers to each prompt
 */
export function groupCredit(
  beta: number,
  advantages: (groups: readonly (readonly (number | null)[])[]) => number[][],
): CreditRule {
  const inReward = beta > 0;
  return {
    comparesWithReference: inReward,
    asksCritic: false,
    credit(answers) {
      const earned = answers.map(({ reward, old, reference }) =>
        reward === null || !inReward ? reward : reward - beta * (sum(old!) - sum(reference!)),
      );
      const groups = [...new Set(answers.map(({ group }) => group))];
      const values = advantages(groups.map((group) => earned.filter((_, i) => answers[i]!.group === group))).flat();
      return {
        answers: answers.map(({ tokens }, i) => ({
          advantages: new Float32Array(tokens).fill(values[i]!),
          valued: null,
        })),
        metrics: {},
      };
    },
  };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

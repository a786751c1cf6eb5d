import { deviation, isFlat, meanOf } from '../losses/advantages.ts';
import type { Group } from './group.ts';

/** What a phase of rollouts shows before anything is learnt from it. */
export function groupMetrics(groups: readonly Group[]): Record<string, number> {
  const answers = groups.flatMap((group) => group.answers);
  const rewards = answers.map(({ reward }) => reward);
  const share = (holds: (answer: (typeof answers)[number]) => boolean) => answers.filter(holds).length / answers.length;
  const flat = groups.filter((group) => isFlat(group.answers.map(({ reward }) => reward)));
  return {
    reward: meanOf(rewards),
    rewardStd: deviation(rewards),
    ...rewardParts(groups),
    length: meanOf(answers.map(({ drawn }) => drawn.tokens.length)),
    truncated: share(({ drawn }) => drawn.finish === 'length'),
    // An answer by itself is compared with none.
    ...(groups.some((group) => group.answers.length > 1) ? { zeroVariance: flat.length / groups.length } : {}),
    unscored: share(({ reward }) => reward === null),
  };
}

/** The mean of what each reward gave, and of its parts, over the answers to which they apply. */
function rewardParts(groups: readonly Group[]): Record<string, number> {
  const values = new Map<string, number[]>();
  const note = (name: string, value: number) => values.set(name, [...(values.get(name) ?? []), value]);
  for (const { answers } of groups)
    for (const { score } of answers)
      for (const { reward, value, parts } of score.scores) {
        if (value !== null) note(`reward.${reward}`, value);
        for (const [part, number] of Object.entries(parts)) note(`reward.${reward}.${part}`, number);
      }
  return Object.fromEntries([...values].map(([name, list]) => [name, meanOf(list)]));
}

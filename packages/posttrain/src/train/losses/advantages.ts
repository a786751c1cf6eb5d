/** How rewards become advantages. A reward is null where nothing applied to the answer: it is in no mean, and its advantage is 0. */

type Rewards = readonly (number | null)[];

/** Added to a standard deviation, so that rewards which differ by rounding are not blown up (TRL's constant). */
const epsilon = 1e-4;

/**
 * Rewards against the mean of their group: (r − mean) / (std + 1e-4). Shao et al. 2024, arXiv:2402.03300, §4.1.2; `none`, without the
 * division, which favours questions that are nearly always or never answered: Liu et al. 2025, arXiv:2503.20783 (Dr. GRPO).
 * Standard deviations divide by n − 1; of one reward it is 0.
 * @param groups rewards of the answers to each prompt
 */
export function groupAdvantages(groups: readonly Rewards[], scale: 'group' | 'batch' | 'none'): number[][] {
  const batch = scale === 'batch' ? deviation(groups.flat()) + epsilon : 1;
  return groups.map((rewards) => {
    const mean = meanOf(rewards);
    const size = scale === 'group' ? deviation(rewards) + epsilon : batch;
    return rewards.map((reward) => (reward === null ? 0 : (reward - mean) / size));
  });
}

/**
 * Each reward against the mean of the others of its group. Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740, eq. 8.
 * With fewer than two rewards there are no others: 0.
 */
export function leaveOneOutAdvantages(groups: readonly Rewards[]): number[][] {
  return groups.map((rewards) => {
    const known = rewards.filter((reward) => reward !== null);
    const sum = known.reduce((total, reward) => total + reward, 0);
    return rewards.map((reward) =>
      reward === null || known.length < 2 ? 0 : reward - (sum - reward) / (known.length - 1),
    );
  });
}

/** Whether a group has nothing to compare: fewer than two rewards, or all the same. */
export function isFlat(rewards: Rewards): boolean {
  const known = rewards.filter((reward) => reward !== null);
  return known.every((reward) => reward === known[0]);
}

/** 0 without any. */
export function meanOf(rewards: Rewards): number {
  const known = rewards.filter((reward) => reward !== null);
  return known.length === 0 ? 0 : known.reduce((sum, reward) => sum + reward, 0) / known.length;
}

/** Standard deviation, dividing by n − 1; 0 of fewer than two. */
export function deviation(rewards: Rewards): number {
  const known = rewards.filter((reward) => reward !== null);
  if (known.length < 2) return 0;
  const mean = meanOf(known);
  return Math.sqrt(known.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / (known.length - 1));
}

/**
 * Soft punishment of long answers: 0 up to `longest − margin` tokens, falling in a line to −1 at `longest`. Yu et al. 2025, DAPO,
 * arXiv:2503.14476, eq. 13.
 */
export function lengthPunishment(tokens: number, longest: number, margin: number): number {
  return Math.max(-1, Math.min(0, (longest - margin - tokens) / margin));
}

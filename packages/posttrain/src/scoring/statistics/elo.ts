import { type Battle, checkBattle } from './battles.ts';

/** A Bradley–Terry strength on the scale of chess: 400 points are odds of ten to one, and 1000 is the average. */
export function eloOf(strength: number): number {
  return (strength * 400) / Math.LN10 + 1000;
}

/**
 * Ratings that change after each battle by k · (score − expected), as FastChat computes them: for comparison with its
 * figures only. They depend on the order of the battles, which says nothing of the models; prefer `bradleyTerry`.
 * A battle without a score changes nothing.
 */
export function sequentialElo(battles: readonly Battle[], { k = 4, start = 1000 } = {}): Map<string, number> {
  const ratings = new Map<string, number>();
  battles.forEach((battle, index) => {
    checkBattle(battle, index);
    const a = ratings.get(battle.a) ?? start;
    const b = ratings.get(battle.b) ?? start;
    const change = battle.score === null ? 0 : k * (battle.score - 1 / (1 + 10 ** ((b - a) / 400)));
    ratings.set(battle.a, a + change);
    ratings.set(battle.b, b - change);
  });
  return ratings;
}

import { PosttrainError } from '../../support/errors.ts';

/** One comparison of two models on one prompt. */
export interface Battle {
  readonly a: string;
  readonly b: string;
  /** 1 where `a` is better, 0 where `b` is, ½ for a tie; null where nobody could tell. */
  readonly score: number | null;
  /** Battles of one prompt go together: the bootstrap draws prompts. */
  readonly prompt: string | number;
}

/** @throws PosttrainError `usage` for a score outside [0, 1] or a model against itself */
export function checkBattle({ a, b, score }: Battle, index: number): void {
  if (a === b)
    throw new PosttrainError('usage', `battle ${index} has ${a} on both sides.`, {
      help: 'a battle is between two models',
    });
  if (score === null || (score >= 0 && score <= 1)) return;
  throw new PosttrainError('usage', `battle ${index}, ${a} against ${b}, has score ${score}.`, {
    help: 'give 1 where the first is better, 0 where the second is, 0.5 for a tie, null where nobody could tell',
  });
}

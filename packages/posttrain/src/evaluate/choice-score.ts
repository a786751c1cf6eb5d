import type { Outcome } from '../scoring/index.ts';
import { type ChoiceRule, choiceValues, pickChoice } from '../scoring/index.ts';
import type { LoglikelihoodResponse } from './request.ts';

export interface ChoiceScore {
  /** 1 for a right choice alone at the top, a share of it where choices tie. */
  readonly credit: number;
  readonly outcome: Extract<Outcome, 'correct' | 'incorrect'>;
  /** The likeliest choice, the first of several. */
  readonly prediction: number;
}

/**
 * Scores the likeliest of a request's continuations. Choices that share the top share the credit, so that a model that
 * finds all equally likely gets chance, wherever the right one stands.
 * @param gold index of the right choice, or of several
 * @param choices the texts that `perCharacter` and `perByte` measure; without them log-likelihoods compare as they are
 */
export function choiceScore(
  response: LoglikelihoodResponse,
  gold: number | readonly number[],
  choices?: { readonly texts: readonly string[]; readonly rule: Exclude<ChoiceRule, 'sum' | 'mutualInformation'> },
): ChoiceScore {
  const conditional = response.choices.map(({ logp }) => logp);
  const texts = choices?.texts ?? conditional.map(String);
  const { best, credit } = pickChoice(
    choiceValues({ choices: texts, conditional }, choices?.rule ?? 'sum'),
    gold,
    'share',
  );
  return { credit, outcome: credit === 1 ? 'correct' : 'incorrect', prediction: best[0]! };
}

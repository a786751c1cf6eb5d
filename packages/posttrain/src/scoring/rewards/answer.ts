import { type DetailedScore, named, type Outcome, outcomeScore, type Reward } from '../contract.ts';
import { wrongAnswerReward } from '../outcomes/attempted.ts';
import { saysItDoesNotKnow } from '../text/abstention-phrases.ts';
import { exactMatch } from '../text/answer-match.ts';
import { type NumberRule, scoreNumberText } from '../text/number-answer.ts';
import { singleAnswer } from '../text/short-answer.ts';

export interface AnswerRewardOptions<Row> {
  readonly gold: (row: Row) => string | readonly string[];
  /** The answer in a text, null where it gives none or several. Where left out: the text itself, unless it offers candidates. */
  readonly answer?: (text: string) => string | null;
  readonly abstains?: (text: string) => boolean;
  /** Confidence t below which abstaining should pay: a wrong answer earns −t/(1−t). At 0 it earns 0. */
  readonly threshold?: number;
}

/**
 * 1 for the gold after normalisation, −t/(1−t) for a wrong answer or one that offers several, 0 for an abstention; the outcome is
 * among the parts. Abstaining is then best exactly where the policy is right with probability below t: start t below its accuracy.
 */
export function answerReward<Row>(options: AnswerRewardOptions<Row>): Reward<Row> {
  const { gold, answer = singleAnswer, abstains = saysItDoesNotKnow, threshold = 0 } = options;
  const wrong = wrongAnswerReward(threshold);
  return named('answer', ({ text, row }) => {
    if (abstains(text)) return outcomeScore('abstained');
    const given = answer(text);
    return paid(given === null ? 'unparseable' : exactMatch(given, gold(row)) ? 'correct' : 'incorrect', wrong);
  });
}

/** The same for a number at the end of a worked answer, as GSM8K scores it. */
export function numberReward<Row>(options: {
  readonly gold: (row: Row) => string;
  readonly rule?: NumberRule;
  readonly threshold?: number;
}): Reward<Row> {
  const { gold, rule = 'strict', threshold = 0 } = options;
  const wrong = wrongAnswerReward(threshold);
  return named('number', ({ text, row }) => paid(scoreNumberText(text, gold(row), rule), wrong));
}

function paid(outcome: Outcome, wrong: number): DetailedScore {
  const score = outcomeScore(outcome);
  return outcome === 'incorrect' || outcome === 'unparseable' ? { ...score, value: wrong } : score;
}

import { answerReward, named, numberReward, type Reward } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';

/** Rewards that a recipe names without a file. */

type Row = Readonly<Record<string, unknown>>;

export const builtInRewards: Readonly<Record<string, () => Reward<Row>>> = {
  exact: () => named('exact', answerReward<Row>({ gold: goldOf })),
  number: () => named('number', numberReward<Row>({ gold: (row) => String(firstOf(goldOf(row))) })),
};

function goldOf({ answer }: Row): string | readonly string[] {
  if (typeof answer === 'string') return answer;
  if (typeof answer === 'number') return String(answer);
  if (Array.isArray(answer) && answer.length > 0 && answer.every((one) => typeof one === 'string')) return answer;
  throw new PosttrainError('data-invalid', `the row's "answer" is ${JSON.stringify(answer) ?? 'missing'}.`, {
    help: 'exact and number compare with the key answer of each row: a text, or a list of texts.',
  });
}

const firstOf = (gold: string | readonly string[]) => (typeof gold === 'string' ? gold : gold[0]!);

import { PosttrainError } from '../../support/errors.ts';
import type { Judge, Judged } from './judge.ts';

/**
 * A verdict for a reward. What the judge says that is no verdict is null; a judge that is not there, or too slow, stops whoever asked:
 * an answer must not go without its reward because a server was down.
 *
 * @throws PosttrainError `endpoint-failed`
 */
export function verdictOrNull<Value>(judge: Judge, judged: Judged<Value>, about: string): Value | null {
  if (judged.status === 'judged') return judged.value;
  if (judged.status === 'unparseable') return null;
  throw new PosttrainError('endpoint-failed', `judge ${judge.id} gave no verdict on ${about}: ${judged.why}`, {
    help: 'see that the judge runs; the same command goes on with the answers that have no reward.',
    data: { failure: judged.status },
  });
}

import type { RubricGrader } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { Judge } from './judge.ts';

/**
 * A judge as the grader of `rubricReward`. What it says that is no verdict is null; a judge that is not there, or too slow, stops
 * whoever asked: an answer must not go without its reward because a server was down.
 *
 * @throws PosttrainError `endpoint-failed` from the grader
 */
export function rubricGrader(judge: Judge): RubricGrader {
  return async (rubric, conversation, { signal }) => {
    const judged = await judge.grade(rubric, conversation, { signal });
    if (judged.status === 'judged') return judged.value;
    if (judged.status === 'unparseable') return null;
    throw new PosttrainError('endpoint-failed', `judge ${judge.id} gave no verdict on a rubric: ${judged.why}`, {
      help: 'see that the judge runs; the same command goes on with the answers that have no reward.',
      data: { failure: judged.status },
    });
  };
}

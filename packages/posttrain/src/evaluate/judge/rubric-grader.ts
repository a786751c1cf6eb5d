import type { RubricGrader } from '../../scoring/index.ts';
import type { Judge } from './judge.ts';
import { verdictOrNull } from './verdict-or-null.ts';

/** A judge as the grader of `rubricReward`. @throws PosttrainError `endpoint-failed` from the grader, where the judge is not there */
export function rubricGrader(judge: Judge): RubricGrader {
  return async (rubric, conversation, { signal }) =>
    verdictOrNull(judge, await judge.grade(rubric, conversation, { signal }), 'a rubric');
}

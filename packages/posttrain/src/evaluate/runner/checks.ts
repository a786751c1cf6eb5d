import { PosttrainError } from '../../support/errors.ts';
import type { Judge } from '../judge/judge.ts';
import type { EvalModel } from '../models/eval-model.ts';
import { checkNames, type NamedFigures } from '../results/check-names.ts';
import type { Task } from '../task.ts';

/** What can be known to be wrong before anything is read or loaded. @throws PosttrainError `usage` */
export function checkCall(
  call: NamedFigures & {
    readonly models: readonly { readonly id: string }[];
    readonly tasks: readonly Task[];
    readonly limit?: number | undefined;
    readonly judge?: Judge | undefined;
  },
): void {
  const { models, tasks, limit, judge } = call;
  if (models.length === 0) throw new PosttrainError('usage', 'There is no model to evaluate.');
  if (tasks.length === 0) throw new PosttrainError('usage', 'There is no task to evaluate.');
  refuseRepeated(
    'models',
    models.map(({ id }) => id),
  );
  refuseRepeated(
    'tasks',
    tasks.map(({ name }) => name),
  );
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw new PosttrainError('usage', `limit is ${limit}, and must be a whole number from 1.`);
  const judged = tasks.find((task) => task.judged);
  if (judged && !judge)
    throw new PosttrainError('usage', `task ${judged.name} needs a judge, and none is named.`, {
      help: 'name a model folder or an endpoint that is not under evaluation with --judge.',
    });
  checkNames(call, tasks, models.length);
}

function refuseRepeated(what: string, names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated === undefined) return;
  throw new PosttrainError('usage', `two ${what} are called ${repeated}; their results could not be told apart.`);
}

/** Whether a model would judge itself without being allowed to. @throws PosttrainError `usage` */
export function checkJudge(
  model: EvalModel,
  tasks: readonly Task[],
  {
    judge,
    allowSelfJudge = false,
  }: { readonly judge?: Judge | undefined; readonly allowSelfJudge?: boolean | undefined },
): void {
  const judged = tasks.some((task) => task.judged);
  if (!judged || !judge || allowSelfJudge || judge.weights !== model.fingerprint.weights) return;
  throw new PosttrainError('usage', `${model.id} would judge its own answers: ${judge.id} has the same weights.`, {
    help: 'name another judge, or allow it with --allow-self-judge; the rows will say so.',
  });
}

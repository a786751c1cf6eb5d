/** Evaluation: tasks, the runner, comparisons and judges. Tensor-free: models come in as `EvalModel`. */
export { type ChoiceScore, choiceScore, tieTolerance } from './choice-score.ts';
export {
  type DataFile,
  type DataRow,
  DataSource,
  numberOf,
  type RowOptions,
  textOf,
  textsOf,
} from './data-source.ts';
export * from './judge/judge.ts';
export * from './metric.ts';
export * from './request.ts';
export { dataName, defineTask, type ItemScore, type ScoreContext, type Task, type TaskDefinition } from './task.ts';
export { builtInTasks } from './tasks/index.ts';

/** Evaluation: tasks, the runner, comparisons, reports and judges. Tensor-free: models come in as `EvalModel`. */
export { type ChoiceScore, choiceScore } from './choice-score.ts';
export {
  type DataFile,
  type DataRow,
  DataSource,
  numberOf,
  type RowOptions,
  textOf,
  textsOf,
} from './data-source.ts';
export { endpointOf } from './endpoint/endpoint-target.ts';
export { type EvaluateOptions, evaluate, runEvaluation } from './evaluate.ts';
export { AskingJudge, type AskingOptions, type JudgeVoice } from './judge/asking-judge.ts';
export { calibrateJudge, type LabelledItem, readLabelledItems } from './judge/calibration.ts';
export { CountedJudge, type JudgeReport } from './judge/counted-judge.ts';
export type * from './judge/judge.ts';
export { type JudgeRewardOptions, judgeReward } from './judge/judge-reward.ts';
export { endpointJudge, modelJudge } from './judge/judge-voices.ts';
export { questionVersion } from './judge/questions.ts';
export { rubricGrader } from './judge/rubric-grader.ts';
export { loadTasks } from './load-tasks.ts';
export * from './metric.ts';
export { EndpointModel, type EndpointModelOptions } from './models/endpoint-model.ts';
export type * from './models/eval-model.ts';
export { type EngineModel, type FolderModelOptions, fingerprintFolder, folderModel } from './models/folder-model.ts';
export { TableModel, type TableModelOptions } from './models/table-model.ts';
export {
  type Disagreement,
  judgeByPrinciple,
  overallPreference,
  type PairToJudge,
  type PreferenceRows,
  pairsToJudge,
  preferenceRows,
} from './principles/ai-preferences.ts';
export {
  critiqueAndRevise,
  type Draft,
  type Revision,
  type RevisionSettings,
  type ToRevise,
} from './principles/critique-revise.ts';
export { pairsOfPeople, peopleAndJudge } from './principles/people-and-judge.ts';
export { type RevisedPrompt, type RevisionRows, revisionRows } from './principles/revision-rows.ts';
export { showChange, showDirection, showFigure, showInterval, showJudgedChange, showP } from './report/figures.ts';
export { renderHtml } from './report/html.ts';
export { renderJunit } from './report/junit.ts';
export { renderMarkdown } from './report/markdown.ts';
export { type ScorecardCell, type ScorecardRow, scorecardRows } from './report/view.ts';
export { type ReportFiles, writeReports } from './report/write-reports.ts';
export type * from './request.ts';
export { type ComparedMetric, type Comparison, judgedChange, worseFirst } from './results/compare.ts';
export type { EvaluatedModel, Evaluation, EvaluationResult, NotRun, ReportedEvaluation } from './results/evaluation.ts';
export { forgettingOf, type RunForgetting, type RunForgettingRow } from './results/forgetting.ts';
export type { MetricResult } from './results/metric-result.ts';
export {
  describeRequirement,
  parseRequirement,
  type Requirement,
  type RequirementResult,
} from './results/requirement.ts';
export type { ScoredItem } from './results/scored-item.ts';
export type { ScoredRun, TaskResult, TaskRun } from './results/task-result.ts';
export type * from './runner/events.ts';
export { findOverlap, type TrainingTexts } from './runner/overlap.ts';
export { readTestReads, type TestRead, testReadsFile } from './runner/test-reads.ts';
export { trainingTextsOf } from './runner/training-texts.ts';
export { type CompareStoredOptions, compareStored } from './stored/compare-stored.ts';
export { readStoredModel, type StoredModel } from './stored/read-evaluation.ts';
export { dataName, defineTask, type ItemScore, type ScoreContext, type Task, type TaskDefinition } from './task.ts';
export { builtInTasks } from './tasks/index.ts';

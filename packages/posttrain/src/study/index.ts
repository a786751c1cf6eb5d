/** Studies: arms × training seeds × sweeps, resumable, with the rule of a claim about a method applied to what they find. */
export type { ArmChoice, PointFigure } from './choose.ts';
export { type ArmTokens, type Claim, ratesForClaim } from './claim.ts';
export type { StudyRow } from './compare-arms.ts';
export {
  type ChooseKeys,
  defineStudy,
  type EvaluateKeys,
  type Study,
  type StudyArm,
  type Swept,
  type SweptRecipe,
} from './definition.ts';
export type * from './events.ts';
export type { PlannedArm, PlannedChoice, PlannedEvaluation, PlannedPoint, PreparedStudy, StudyPlan } from './plan.ts';
export type { PlannedRun, StudyRunRef } from './planned-runs.ts';
export { countRuns } from './planned-runs.ts';
export type { StudyFiles } from './report/write-study-report.ts';
export type { ArmFigure, ArmResult, StudyFigure, StudyResult } from './result.ts';
export { planStudy, runStudy, type StudyOptions, StudyRun, studyFolderOf } from './run-study.ts';
export type { RunOutcome, StudyRead } from './study-folder.ts';
export type { Workbench } from './workbench.ts';

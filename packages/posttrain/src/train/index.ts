/** The parts of training: one loop, objectives, optimizers, schedules. Synchronous, in this process; `train` of the main entry is not. */
export { type BackwardOptions, backward, evaluate } from './backward.ts';
export { makeBatch, weightOf } from './batch.ts';
export { defineMethod, type MethodDefinition } from './define-method.ts';
export { type LoopHooks, type LoopOptions, type StepReport, trainLoop } from './loop.ts';
export { makeTrainable } from './make-trainable.ts';
export { type MemoryPlan, planMemory } from './memory-plan.ts';
export type { Method } from './method.ts';
export { methods } from './methods/index.ts';
export {
  type Batch,
  type BatchLoss,
  type BatchObjective,
  crossEntropy,
  type LogitChunk,
  type LogitObjective,
  type Metrics,
  type Objective,
  type RowTargets,
  type TargetObjective,
  type TeacherObjective,
} from './objective.ts';
export { distillationObjective } from './objectives/distillation-objective.ts';
export type { AnswerLogps, Reference } from './objectives/pair-logps.ts';
export { meanLogps, type PairLosses, pairObjective } from './objectives/pair-objective.ts';
export { AdamW, type AdamWOptions, Muon, type MuonOptions, makeOptimizer, type Optimizer } from './optimizers/index.ts';
export { type ScheduleOptions, scheduleFactor, warmupSteps } from './schedule.ts';
export { liveTeacher, type Teacher, type TeacherLogits } from './teacher.ts';
export { clipFactor, gradientNorm, Trainable } from './trainable.ts';

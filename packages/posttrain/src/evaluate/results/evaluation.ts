import type { Axis } from '../metric.ts';
import type { ModelFingerprint } from '../models/eval-model.ts';
import type { Comparison } from './compare.ts';
import type { RunForgetting } from './forgetting.ts';
import type { RequirementResult } from './requirement.ts';
import type { ScoredRun, TaskResult, TaskRun } from './task-result.ts';

export interface EvaluatedModel {
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  readonly caveats: readonly string[];
  /** Where the model is a run's and the run reported its own forgetting; null elsewhere. */
  readonly forgetting: RunForgetting | null;
}

/** A task that a model could not be asked. */
export interface NotRun {
  readonly task: string;
  readonly axis: Axis;
  readonly model: string;
  readonly why: string;
}

/** Everything an evaluation found, as plain JSON; the same answers give the same text. */
export interface EvaluationResult {
  readonly version: 1;
  readonly seed: number;
  readonly limit: number | null;
  /** It was stopped before all documents were answered. */
  readonly partial: boolean;
  readonly models: readonly EvaluatedModel[];
  /** In the order of models, then of tasks. */
  readonly results: readonly TaskResult[];
  /** In the same order; the other tasks went on. */
  readonly notRun: readonly NotRun[];
  /** Every later model with the first one. */
  readonly comparisons: readonly Comparison[];
  readonly requirements: readonly RequirementResult[];
  /** Where the training data came from that documents were looked for in; null where they were not. */
  readonly overlapWith: string | null;
  readonly warnings: readonly string[];
}

export interface Evaluation {
  readonly result: EvaluationResult;
  /** With every item, for samples.jsonl and for what reads further. */
  readonly runs: readonly TaskRun[];
}

/** What reports are written from: an evaluation, or what was stored of several. */
export interface ReportedEvaluation {
  readonly result: EvaluationResult;
  readonly runs: readonly ScoredRun[];
}

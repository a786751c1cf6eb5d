import type { ModelFingerprint } from '../models/eval-model.ts';
import type { Comparison } from './compare.ts';
import type { RequirementResult } from './requirement.ts';
import type { TaskResult, TaskRun } from './task-result.ts';

export interface EvaluatedModel {
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  readonly caveats: readonly string[];
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

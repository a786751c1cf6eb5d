import type { EvaluateEvent } from '../evaluate/index.ts';
import type { RunEvent, StepEvent } from '../runs/index.ts';
import type { ArmChoice } from './choose.ts';
import type { StudyPlan } from './plan.ts';
import type { StudyRunRef } from './planned-runs.ts';
import type { StudyFiles } from './report/write-study-report.ts';
import type { StudyResult } from './result.ts';
import type { StudyRead } from './study-folder.ts';

/** What a study tells while it goes on. */
export type StudyEvent =
  | StudyPlanEvent
  | StudyRunEvent
  | StudyStepEvent
  | StudyTrainingEvent
  | StudyChoiceEvent
  | StudyReadEvent
  | StudyEvaluateEvent
  | StudyFinishEvent;

/** Comes first: the plan is in the study folder. */
export interface StudyPlanEvent {
  readonly type: 'plan';
  readonly dir: string;
  readonly plan: StudyPlan;
  /** Training runs of the whole study. */
  readonly runs: number;
  readonly remarks: readonly string[];
}

/** How far the training of a study is. */
export interface StudyProgress {
  /** Training runs that are over, and of the whole study. */
  readonly done: number;
  readonly of: number;
  /** Seconds of training left; null while nothing tells. */
  readonly etaSeconds: number | null;
}

/** A training run begins, goes on from a checkpoint, or is over; `kept`: it was over already. */
export interface StudyRunEvent extends StudyProgress {
  readonly type: 'run';
  readonly run: StudyRunRef;
  readonly status: 'begin' | 'finished' | 'diverged' | 'kept';
  readonly message: string | null;
}

/** A training step; a slow reader loses these only. */
export interface StudyStepEvent extends StudyProgress {
  readonly type: 'step';
  readonly run: StudyRunRef;
  readonly step: StepEvent;
}

/** Whatever else a training run tells. */
export interface StudyTrainingEvent {
  readonly type: 'training';
  readonly run: StudyRunRef;
  readonly event: Exclude<RunEvent, StepEvent>;
}

/** The sweep of an arm is decided. */
export interface StudyChoiceEvent extends ArmChoice {
  readonly type: 'choice';
}

/** The documents that the arms are compared on are read; it is on record in reads.jsonl. */
export interface StudyReadEvent extends StudyRead {
  readonly type: 'read';
}

/** A model answers tasks; `kept`: it had. */
export interface StudyEvaluateEvent {
  readonly type: 'evaluate';
  /** `choose` on development documents, `compare` on those of the comparison. */
  readonly phase: 'choose' | 'compare';
  readonly model: string;
  /** Models of this phase before this one, and in all. */
  readonly done: number;
  readonly of: number;
  readonly event: EvaluateEvent | { readonly type: 'kept' };
}

/** The last event. */
export interface StudyFinishEvent {
  readonly type: 'finish';
  readonly result: StudyResult;
  readonly files: StudyFiles;
}

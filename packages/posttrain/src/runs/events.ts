import type { DataReport } from '../data/data-report.ts';
import type { ForgettingReport } from './forgetting.ts';

export type { DataReport, ForgettingReport };

/** What a run tells while it goes: every event that a Run yields, and that events.jsonl and metrics.jsonl hold. */
export type RunEvent =
  | StartEvent
  | DataEvent
  | ProgressEvent
  | StepEvent
  | EvaluateEvent
  | CheckpointEvent
  | ForgettingEvent
  | WarningEvent
  | ResumeEvent
  | FinishEvent;

/** The engine is up, the model is loaded, the run folder exists. */
export interface StartEvent {
  readonly type: 'start';
  /** The absolute path of the run folder. */
  readonly dir: string;
  /** The id of the run, as in run.json. */
  readonly id: string;
  readonly method: string;
  readonly model: string;
  /** Numbers the model is made of, adapters included. */
  readonly parameters: number;
  /** Those of them that this run changes: all, or the adapters alone. */
  readonly trainedParameters: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Steps of one pass over the training rows. */
  readonly stepsPerEpoch: number;
  /** Sequences per optimizer step. */
  readonly batch: number;
  /** Sequences per forward and backward pass. */
  readonly microBatch: number;
  /** The arithmetic of forward and backward. */
  readonly precision: 'fp32' | 'bf16';
  /** CPU threads of the engine. */
  readonly threads: number;
  /**
   * Bytes that the run is expected to need at its fullest: for weights, gradients and optimizer, and for what one micro-batch keeps until its
   * gradients are known. The process itself takes some hundred megabytes beside.
   */
  readonly plannedMemory: { readonly states: number; readonly activations: number };
  readonly seed: number;
}

/** All rows are read, rendered and counted; the report is also data-report.json in the run folder. */
export interface DataEvent {
  readonly type: 'data';
  readonly report: DataReport;
}

/** Something that takes a while before the first step, or after the last. */
export interface ProgressEvent {
  readonly type: 'progress';
  readonly what: 'setup' | 'load' | 'tokenize' | 'reference' | 'teacher' | 'forgetting';
  /** Parts done: bytes of setup and load, rows of tokenize, reference and teacher, tokens of a measurement of forgetting. */
  readonly done: number;
  /** Parts in all, or null where that is not known. */
  readonly total: number | null;
}

/** One optimizer step is done. */
export interface StepEvent {
  readonly type: 'step';
  /** The step just done, from 1. */
  readonly step: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Mean loss of the step before the update: over loss-bearing tokens, in nats per token, or over pairs or answers. */
  readonly loss: number;
  /** Means over the step of what the method watches, such as `accuracy` and `margin` of preferences; docs/methods explains each. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** L2 norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** The learning rate of this step. */
  readonly lr: number;
  /** Tokens of the step, padding not counted. */
  readonly tokens: number;
  /** Tokens of the step that bear loss. */
  readonly lossTokens: number;
  /** Tokens (padding not counted) per second of this step. */
  readonly tokensPerSecond: number;
  /** Duration of the step, in seconds. */
  readonly seconds: number;
  readonly memory: MemoryUse;
  /** Seconds until the last step at the present pace; null while the pace is unknown. */
  readonly eta: number | null;
}

/** Resident memory of the engine process, in bytes. */
export interface MemoryUse {
  /** Now. */
  readonly rss: number;
  /** At its highest since the engine started. */
  readonly peakRss: number;
}

/** The held-out loss was measured. */
export interface EvaluateEvent {
  readonly type: 'evaluate';
  /** After this many optimizer steps. */
  readonly step: number;
  /** Mean loss over the held-out loss-bearing tokens, in nats per token, or over held-out pairs or answers. */
  readonly loss: number;
  /** As in a step, over the held-out rows. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Held-out tokens that bear loss. */
  readonly tokens: number;
  /** Duration of the measurement, in seconds. */
  readonly seconds: number;
}

/** A checkpoint is complete on the disk. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  /** Written after this many optimizer steps. */
  readonly step: number;
  /** The absolute path of its folder. */
  readonly path: string;
}

/**
 * Whether the model forgot is known, after the last step; or it is known before the first that it will not be measured,
 * which `report.status` and `report.why` say. The values by window and item are in forgetting.json in the run folder.
 */
export interface ForgettingEvent {
  readonly type: 'forgetting';
  /** Optimizer steps done. */
  readonly step: number;
  readonly report: ForgettingReport;
}

/** Something a person should know and the run goes on after. */
export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
  readonly help?: string;
}

/** The run goes on from a checkpoint; what was recorded of later steps does not count any more. */
export interface ResumeEvent {
  readonly type: 'resume';
  /** Optimizer steps the checkpoint holds. */
  readonly fromStep: number;
}

/** The last event of a run that ended well. */
export interface FinishEvent {
  readonly type: 'finish';
  /** `stopped`: on request, before the last step. */
  readonly status: 'finished' | 'stopped';
  /** The absolute path of the last checkpoint. */
  readonly checkpoint: string;
}

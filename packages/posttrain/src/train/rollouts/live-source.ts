import type { Pack, Tokenizer, TokenRow } from '../../data/index.ts';
import type { AskScore } from '../../engine/protocol.ts';
import type { CausalLm } from '../../models/causal-lm.ts';
import type { RunFolder } from '../../runs/index.ts';

/** Where batches come from that the model makes itself: of the weights as they are at each step. */
export interface LiveSource extends Disposable {
  /** The packs of optimizer step `step`, counted from 0; none where a stop was requested while they were made. */
  packs(step: number): Promise<readonly Pack[]>;
  /** What the making of these packs showed, such as the reward of answers: it is recorded with the step. */
  metrics(step: number): Readonly<Record<string, number>>;
  /** What a run that goes on after `steps` steps cannot make again, as JSON; null where it can make all of it. */
  state(steps: number): unknown;
}

/** Batches that can only be made of the model. */
export interface LivePlan {
  /** Tokens that a step is expected to train on. */
  readonly tokensPerStep: number;
  start(world: RolloutWorld): LiveSource;
}

/** What a live source draws on. */
export interface RolloutWorld {
  /** The model that is trained. */
  readonly model: CausalLm;
  readonly tokenizer: Tokenizer;
  readonly folder: RunFolder;
  /** Rows of one pass of the training forward. */
  readonly together: number;
  /** Asks the model as it was before the run: the frozen base of adapters, or one that is loaded at the first call and then kept. */
  readonly withReference: <T>(measure: (model: CausalLm) => T) => T;
  /** What the critic expects before each target of rows, in the unit of rewards. @throws TypeError where the method has no critic */
  readonly valuesOf: (rows: readonly TokenRow[]) => Float32Array[];
  readonly ask: AskScore;
  readonly stop: AbortSignal;
  /** The `state` in the checkpoint that the run goes on from. */
  readonly resumed: unknown;
}

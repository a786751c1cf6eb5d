import type { AskScore } from '../engine/protocol.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import type { LoadedModel } from '../models/load.ts';
import type { LoadedRewardModel } from '../models/load-reward-model.ts';
import type { Checkpoint, ResolvedRecipe, RunEvent, RunFolder } from '../runs/index.ts';
import type { ForgettingData } from './forgetting/encode.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { Method } from './method.ts';
import type { TrainingRows } from './training-rows.ts';

/** A run of which everything is read and checked, and whose folder is open. */
export interface PreparedRun {
  readonly folder: RunFolder;
  readonly method: Method;
  readonly recipe: ResolvedRecipe;
  /** What it is expected to need. */
  readonly memory: MemoryPlan;
  readonly rows: TrainingRows;
  readonly forgetting: ForgettingData | null;
  readonly loaded: LoadedModel<Decoder>;
  readonly teacher: CausalLm | undefined;
  /** A value model to train beside the policy. */
  readonly critic: LoadedRewardModel | undefined;
  readonly checkpoint: Checkpoint | null;
  readonly emit: (event: RunEvent) => void;
  readonly stop: AbortSignal;
  readonly ask: AskScore;
}

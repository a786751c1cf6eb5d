import type {
  AlarmKeys,
  DistillKeys,
  DpoKeys,
  GrpoKeys,
  KtoKeys,
  OrpoKeys,
  PpoKeys,
  Recipe,
  RewardKeys,
  RewardModelKeys,
  RlooKeys,
  RolloutKeys,
  SimpoKeys,
} from './recipe.generated.ts';

/** Keys with every default filled in. */
type Filled<Keys> = { readonly [K in keyof Keys]-?: Exclude<Keys[K], undefined> };

type FilledExcept<Keys, Open extends keyof Keys> = Filled<Omit<Keys, Open>> & { readonly [K in Open]?: Keys[K] };

/**
 * A recipe with every default filled in and every shorthand written out: plain JSON, kept as resolved.json, and itself
 * a recipe that resolves to the same. Exactly one of `steps` and `epochs` is there. What is `auto` here depends on the
 * model or the machine, and is settled by the engine.
 */
export interface ResolvedRecipe {
  readonly version: 1;
  readonly method: Recipe['method'];
  /** An absolute folder, a Hub id, or `pocket`. */
  readonly model: string;
  readonly init: 'pretrained' | 'random';
  readonly lora?: ResolvedLora;
  readonly data: ResolvedData;
  /** Of the methods that learn from rows; those that learn from feedback learn its answers. */
  readonly train?: 'assistant' | 'completion' | 'all' | undefined;
  readonly replay?: { readonly path: string; readonly share: number } | undefined;
  /** The method's own keys, under its name. */
  readonly distill?: ResolvedDistill;
  readonly rewardModel?: Filled<RewardModelKeys>;
  readonly dpo?: Filled<DpoKeys>;
  readonly kto?: FilledExcept<KtoKeys, 'compat'>;
  readonly orpo?: Filled<OrpoKeys>;
  readonly simpo?: Filled<SimpoKeys>;
  readonly ppo?: FilledExcept<PpoKeys, 'lengthMargin'>;
  readonly grpo?: FilledExcept<GrpoKeys, 'lengthMargin' | 'compat'>;
  readonly rloo?: FilledExcept<RlooKeys, 'lengthMargin'>;
  /** Of a method from a file: what its schema makes of them, and the file's hash. */
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly sha256?: string | undefined;
  /** Of methods that learn from answers which the model writes. */
  readonly rollout?: Filled<RolloutKeys> | undefined;
  readonly rewards?: readonly ResolvedReward[];
  readonly alarms?: readonly ResolvedAlarm[];
  readonly batch: number;
  readonly microBatch: number | 'auto';
  readonly optimizer: ResolvedOptimizer;
  readonly lr: number;
  readonly schedule: ResolvedSchedule;
  readonly steps?: number;
  readonly epochs?: number;
  readonly clip: number | false;
  readonly precision: 'auto' | 'fp32' | 'bf16';
  readonly recompute: boolean;
  /** Absolute paths. */
  readonly forgetting: false | 'auto' | ForgettingFiles;
  /** In optimizer steps; `evaluate` is false where nothing is held out. */
  readonly every: { readonly evaluate: number | false; readonly checkpoint: number | false; readonly keep: number };
  readonly threads: number | 'auto';
  readonly seed: number;
}

export interface ResolvedLora {
  readonly rank: number;
  readonly alpha: number;
  /** `all-linear`, a regular expression, or ends of names. */
  readonly targets: string | readonly string[];
  readonly dropout: number;
  readonly rankStabilized: boolean;
}

/** At least one of its sources is there. */
export type ResolvedDistill = Filled<Omit<DistillKeys, 'teacher' | 'logits' | 'context'>> &
  Readonly<Pick<DistillKeys, 'teacher' | 'logits' | 'context'>>;

/**
 * A reward by its name: a built-in, `file#export` with an absolute path, the absolute folder of a model, or `function:name` of the
 * program that trains.
 */
export type ResolvedReward = FilledExcept<Omit<RewardKeys, 'use'>, 'sha256' | 'name' | 'with'> & {
  readonly use: string;
};

export type ResolvedAlarm = FilledExcept<AlarmKeys, 'above' | 'below'>;

/** Files that a run is measured on before and after; at least one. */
export interface ForgettingFiles {
  readonly text?: string | undefined;
  readonly suite?: string | undefined;
}

export interface ResolvedData {
  /** Absolute paths; a single file is a list of one. */
  readonly train: readonly { readonly path: string; readonly weight: number }[];
  readonly validation: number | string | false;
  readonly maxTokens: number | 'auto';
  readonly overlong: 'error' | 'drop' | 'truncateStart' | 'truncateEnd' | 'split';
  readonly packing: boolean;
  readonly specialTokens: 'text' | 'error' | 'allow';
  readonly shuffle: boolean;
  readonly template?: string;
}

export type ResolvedOptimizer =
  | {
      readonly kind: 'adamw';
      readonly betas: readonly [number, number];
      readonly eps: number;
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'muon';
      readonly momentum: number;
      readonly betas: readonly [number, number];
      readonly eps: number;
      readonly weightDecay: number;
    };

/** `warmup` is a share of the steps below 1, a number of steps from 1. `floor` and `hold` are shares of lr and of the steps. */
export type ResolvedSchedule =
  | { readonly kind: 'constant'; readonly warmup: number }
  | { readonly kind: 'linear' | 'cosine'; readonly warmup: number; readonly floor: number; readonly hold: number };

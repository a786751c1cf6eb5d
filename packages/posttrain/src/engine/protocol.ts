import type { Conversation, Message } from '../data/types.ts';
import type {
  Generated,
  GenerateSettings,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from '../models/generation/settings.ts';
import type { MergeRequest, MergeResult } from '../models/lora/merge-request.ts';
import type { RunEvent } from '../runs/events.ts';
import type { ForgettingReport } from '../runs/forgetting.ts';
import type { ResolvedRecipe } from '../runs/recipe/resolved-recipe.ts';
import type { Sample } from '../scoring/contract.ts';
import type { SerializedError } from '../support/errors.ts';

/** What crosses between the caller's process and the engine's: plain data only, never a tensor or a function. */

export interface TrainRequest {
  readonly recipe: ResolvedRecipe;
  /** The recipe as it was given, kept in the run folder. */
  readonly given: { readonly name: string; readonly text: string };
  /** Changes such as `lr=2e-5` that were made to it. */
  readonly overrides: readonly string[];
  /** The run folder, absolute. */
  readonly dir: string;
  /** Where the code that the recipe names must lie; undefined: anywhere. */
  readonly codeFolder: string | undefined;
  /** Go on from the folder's last checkpoint instead of starting. */
  readonly resume: boolean;
}

export interface TrainResult {
  readonly status: 'finished' | 'stopped';
  /** The last checkpoint's folder, absolute. */
  readonly checkpoint: string;
  readonly steps: number;
  /** Whether the model forgot. Null where the recipe says `forgetting: false`, and where the run was stopped before it was measured. */
  readonly forgetting: ForgettingReport | null;
}

export interface LoadRequest {
  readonly model: string;
  readonly precision: 'auto' | 'fp32' | 'bf16';
  readonly threads: number | 'auto';
  readonly base?: string | undefined;
}

export interface LoadResult {
  /** Tokens the model can see. */
  readonly contextLength: number;
  readonly folder: string;
  readonly base: string;
}

export interface GenerateRequest {
  readonly inputs: readonly (readonly Message[] | string)[];
  readonly options: GenerateSettings;
  /** Send text as it comes. */
  readonly stream: boolean;
}

/** A piece of a streamed answer; the last one has `finish`. */
export interface GeneratedPart {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly finish?: 'stop' | 'length';
}

/** The engine's verbs: request and result of each. */
export interface Verbs {
  readonly train: { readonly request: TrainRequest; readonly result: TrainResult; readonly part: RunEvent };
  readonly load: { readonly request: LoadRequest; readonly result: LoadResult; readonly part: never };
  readonly generate: {
    readonly request: GenerateRequest;
    readonly result: readonly Generated[];
    readonly part: GeneratedPart;
  };
  readonly merge: { readonly request: MergeRequest; readonly result: MergeResult; readonly part: never };
  readonly likelihoods: {
    readonly request: readonly LikelihoodRequest[];
    /** For each request its continuations' likelihoods. */
    readonly result: readonly (readonly LikelihoodResult[])[];
    readonly part: DonePart;
  };
  /** A reward model takes the place of whatever is loaded. */
  readonly loadReward: { readonly request: LoadRequest; readonly result: LoadResult; readonly part: never };
  readonly score: {
    readonly request: readonly Conversation[];
    /** One score a conversation, in the reward model's own unit. */
    readonly result: readonly number[];
    readonly part: DonePart;
  };
  readonly rolling: {
    readonly request: readonly string[];
    readonly result: readonly RollingResult[];
    readonly part: DonePart;
  };
}

/** So many more requests are done. */
export interface DonePart {
  readonly done: number;
}

export type Verb = keyof Verbs;

/** An answer that the engine wants scored: rewards are functions of the host. */
export interface ScoreQuestion {
  /** Of the answer: the same for the same answer of a run that is resumed. */
  readonly id: string;
  readonly sample: Sample<Readonly<Record<string, unknown>>>;
  /** What the run's record holds of it already. Those calls are not made again. */
  readonly known: readonly RewardScore[];
}

/** What one reward said of an answer. */
export interface RewardScore {
  readonly reward: string;
  /** null where the reward does not apply, or failed. */
  readonly value: number | null;
  readonly parts: Readonly<Record<string, number>>;
  readonly why?: string;
  /** Why it failed, where the recipe goes on without it. */
  readonly error?: string;
  /** Calls that were made. */
  readonly calls: number;
  readonly seconds: number;
}

export interface ScoreAnswer {
  /** What the answer earns; null where no reward applies. */
  readonly reward: number | null;
  readonly scores: readonly RewardScore[];
  /** A reward failed, and the run is to stop; `scores` holds what the others said. */
  readonly failed?: SerializedError;
}

export type AskScore = (question: ScoreQuestion) => Promise<ScoreAnswer>;

export type ToEngine =
  | {
      readonly [V in Verb]: {
        readonly type: 'request';
        readonly id: number;
        readonly verb: V;
        readonly request: Verbs[V]['request'];
      };
    }[Verb]
  /** Ends a request as `Stopping` says. */
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number }
  /** To the question that the engine asked under `ask`. */
  | { readonly type: 'answer'; readonly id: number; readonly ask: number; readonly answer: ScoreAnswer };

export type FromEngine =
  | { readonly type: 'part'; readonly id: number; readonly part: unknown }
  | { readonly type: 'ask'; readonly id: number; readonly ask: number; readonly question: ScoreQuestion }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: SerializedError };

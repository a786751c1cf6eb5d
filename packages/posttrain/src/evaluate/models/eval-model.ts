import type {
  Generated,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from '../../models/generation/settings.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { Prompt, RequestKind } from '../request.ts';

/** What decides a model's answers. The cache is keyed by all of it; results with other fingerprints are other results. */
export interface ModelFingerprint {
  /** Hash of every weight file; for an endpoint, which hides them, its address and name. */
  readonly weights: string;
  readonly tokenizer: string;
  /** Of the chat template; null where there is none. */
  readonly template: string | null;
  /** What is computed in, such as `fp32`. */
  readonly dtype: string;
  /** Versions of what computes. */
  readonly engine: string;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How all prompts of one call are answered; nothing is left to the model's defaults. */
export interface AnswerSettings {
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** One for each prompt. */
  readonly seeds: readonly number[];
}

export interface Answer extends Generated {
  /** Tokens of the prompt's start that the model could not see. */
  readonly cut: number;
}

/** A model under evaluation, whatever stands behind it. */
export interface EvalModel {
  /** What reports call it. */
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  /** Tokens it sees; null where that is not known. */
  readonly contextLength: number | null;
  /** The kinds of requests it can answer truly. A task of another kind does not run. */
  readonly kinds: readonly RequestKind[];
  /** Why a kind is missing, for the message. */
  readonly whyNot?: Readonly<Partial<Record<RequestKind, string>>>;
  /** What a reader of its results must know. */
  readonly caveats?: readonly string[];
  likelihoods(
    requests: readonly LikelihoodRequest[],
    options: AskOptions,
  ): Promise<readonly (readonly LikelihoodResult[])[]>;
  rolling(texts: readonly string[], options: AskOptions): Promise<readonly RollingResult[]>;
  generate(prompts: readonly Prompt[], settings: AnswerSettings, options: AskOptions): Promise<readonly Answer[]>;
}

/** A model that is opened when its turn comes and closed after it, so that only one is in memory. */
export interface ClosedModel {
  readonly id: string;
  open(): Promise<EvalModel & AsyncDisposable>;
}

/** @throws PosttrainError `usage` where the model cannot answer such a request */
export function requireKind(model: EvalModel, kind: RequestKind, task: string): void {
  if (model.kinds.includes(kind)) return;
  const why = model.whyNot?.[kind];
  throw new PosttrainError(
    'usage',
    `${model.id} cannot answer ${kind} requests, which task ${task} asks${why === undefined ? '.' : `: ${why}`}`,
    { help: `it answers ${model.kinds.join(' and ')}; leave the task out, or evaluate a model folder.` },
  );
}

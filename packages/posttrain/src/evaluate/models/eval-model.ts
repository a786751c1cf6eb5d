import type {
  Generated,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from '../../models/generation/settings.ts';
import type { Prompt, RequestKind, TaskRequest } from '../request.ts';

/** A kind of request by what a model needs for it: `chat` is generation from messages, through a chat template. */
export type AskedKind = RequestKind | 'chat';

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
  /** The kinds of requests it can answer truly. A task of another kind is not run with it. */
  readonly kinds: readonly AskedKind[];
  /** Why a kind is missing, for the report. */
  readonly whyNot?: Readonly<Partial<Record<AskedKind, string>>>;
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

function askedKinds(request: TaskRequest): AskedKind[] {
  if (request.kind === 'generate') return [typeof request.prompt === 'string' ? 'generate' : 'chat'];
  // Without a context, a continuation is a whole text.
  const alone = request.kind === 'loglikelihood' && (request.context === '' || request.unconditional === true);
  return alone ? ['loglikelihood', 'rolling'] : [request.kind];
}

const spoken: Readonly<Record<AskedKind, string>> = {
  loglikelihood: 'log-likelihoods of continuations',
  rolling: 'log-likelihoods of whole texts',
  generate: 'answers to plain text',
  chat: 'answers to messages',
};

/** Why a model cannot be asked such requests, or null. */
export function whyNotAsked(model: EvalModel, requests: readonly TaskRequest[]): string | null {
  const missing = requests.flatMap(askedKinds).find((kind) => !model.kinds.includes(kind));
  if (missing === undefined) return null;
  return `it gives no ${spoken[missing]}${model.whyNot?.[missing] === undefined ? '.' : `: ${model.whyNot[missing]}`}`;
}

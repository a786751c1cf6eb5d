import type { Message } from '../data/types.ts';
import type { LikelihoodResult, RollingResult } from '../models/generation/settings.ts';

import type { Answer } from './models/eval-model.ts';

/** What a task asks a model, and what the model gives back: plain data, which is also what the cache keeps. */

/** Text as it is, or turns through the model's chat template. */
export type Prompt = string | readonly Message[];

/** How likely is each continuation? Choices of one question go into one request, so that the context is computed once. */
export interface LoglikelihoodRequest {
  readonly kind: 'loglikelihood';
  readonly context: string;
  /** With the space that stands before each; at least one. */
  readonly continuations: readonly string[];
  /** Also asks how likely each continuation is by itself, after nothing: what mutual information subtracts. */
  readonly unconditional?: boolean;
}

/** How likely is the whole text, from its beginning? */
export interface RollingRequest {
  readonly kind: 'rolling';
  readonly text: string;
}

/** What does the model write? Nothing is left to the model's own defaults. */
export interface GenerateRequest {
  readonly kind: 'generate';
  readonly prompt: Prompt;
  readonly maxTokens: number;
  /** Strings that end an answer; they are not part of it. */
  readonly stop?: readonly string[];
  /** 0, the default, is greedy. */
  readonly temperature?: number;
  readonly topP?: number;
  /** Answers to draw, each with a seed of its own; 1 unless told. */
  readonly samples?: number;
}

export type TaskRequest = LoglikelihoodRequest | RollingRequest | GenerateRequest;
export type RequestKind = TaskRequest['kind'];

export interface LoglikelihoodResponse {
  readonly kind: 'loglikelihood';
  /** One for each continuation, in nats. */
  readonly choices: readonly LikelihoodResult[];
  /** The same without the context, where the request asked for it. */
  readonly unconditional?: readonly LikelihoodResult[];
}

export interface RollingResponse extends RollingResult {
  readonly kind: 'rolling';
}

export interface GenerateResponse {
  readonly kind: 'generate';
  /** As many as `samples`. */
  readonly answers: readonly Answer[];
  /** The first answer's text. */
  readonly text: string;
}

export type TaskResponse = LoglikelihoodResponse | RollingResponse | GenerateResponse;

/** The response to a request of this type. */
export type ResponseTo<Request extends TaskRequest> = Extract<TaskResponse, { readonly kind: Request['kind'] }>;

/** What generation is asked for, and what it gives: plain data, which also crosses between processes. */

export interface GenerateSettings {
  /** Most tokens per answer. Default: the model's generation_config.json, else 512. */
  readonly maxTokens?: number | undefined;
  /** 0 is greedy. Default: the model's generation_config.json where it samples, else 0. */
  readonly temperature?: number | undefined;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
  readonly minP?: number | undefined;
  /** Strings that end an answer; they are not part of it. */
  readonly stop?: readonly string[] | undefined;
  /** Default: 0. The same seed gives an input at the same place the same answer, whatever stands beside it. */
  readonly seed?: number | undefined;
  /** One seed per input, instead of those derived from `seed`. */
  readonly seeds?: readonly number[] | undefined;
}

export interface Generated {
  readonly text: string;
  readonly tokens: readonly number[];
  /** `stop`: the model ended its turn, or a stop string came. `length`: no room was left. */
  readonly finish: 'stop' | 'length';
}

/** A text and what might come after it. */
export interface LikelihoodRequest {
  readonly context: string;
  readonly continuations: readonly string[];
}

export interface LikelihoodResult {
  /** Log-probability of the whole continuation, in nats. */
  readonly logp: number;
  readonly tokens: number;
  /** The model would have written it itself. */
  readonly greedy: boolean;
  /** Tokens of the context that did not fit. */
  readonly cut: number;
}

export interface RollingResult {
  /** Log-probability of the whole text, in nats. */
  readonly logp: number;
  readonly tokens: number;
  readonly windows: number;
}

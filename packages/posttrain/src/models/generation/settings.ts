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

import type { CausalLm } from './causal-lm.ts';
import type { Decoder, ModelDimensions } from './decoder.ts';

/** A kind of model, named by config.json's `model_type`. */
export interface Family {
  readonly modelType: string;
  readonly paper: string;
  /** Builds the modules, weights not yet set, from a parsed config.json. @throws model-unsupported naming key and value. */
  build(config: Readonly<Record<string, unknown>>, file: string): CausalLm;
  /** The same without a head. */
  buildDecoder(config: Readonly<Record<string, unknown>>, file: string): Decoder;
  /** Its sizes, without making anything. */
  dimensions(config: Readonly<Record<string, unknown>>, file: string): ModelDimensions;
}

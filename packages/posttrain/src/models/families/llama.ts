import { z } from 'zod';
import {
  type AttentionContext,
  Embedding,
  inverseFrequencies,
  Linear,
  linearResidual,
  Module,
  normLinear,
  project,
  RmsNorm,
  rotaryAttention,
  rotaryTable,
  swigluLinearResidual,
  targetLogps,
} from '../../nn/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { CausalLm } from '../causal-lm.ts';
import { type BlockContext, Decoder, type ModelDimensions } from '../decoder.ts';
import type { DecoderParts } from '../decoder-parts.ts';
import { defineFamily } from '../define-family.ts';

const ropeScaling = z.discriminatedUnion('rope_type', [
  z.looseObject({ rope_type: z.literal('default'), rope_theta: z.number().optional() }),
  z.looseObject({
    rope_type: z.literal('llama3'),
    rope_theta: z.number().optional(),
    factor: z.number(),
    low_freq_factor: z.number(),
    high_freq_factor: z.number(),
    original_max_position_embeddings: z.number(),
  }),
]);

/** config.json's own names. Both ways of writing RoPE are read: `rope_parameters`, and `rope_theta` with `rope_scaling`. */
const LlamaKeys = z.looseObject({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  head_dim: z.int().positive().nullish(),
  hidden_act: z.literal('silu').default('silu'),
  max_position_embeddings: z.int().positive().default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_parameters: ropeScaling.nullish(),
  rope_scaling: ropeScaling.nullish(),
  rope_theta: z.number().positive().default(10000),
  attention_bias: z.boolean().default(false),
  attention_dropout: z.number().min(0).max(1).default(0),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  initializer_range: z.number().positive().default(0.02),
});
type LlamaConfig = z.infer<typeof LlamaKeys>;

function dimensionsOf(config: LlamaConfig): ModelDimensions {
  const sizes = {
    vocabulary: config.vocab_size,
    width: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headWidth: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    inner: config.intermediate_size,
    context: config.max_position_embeddings,
  };
  const biased = config.attention_bias || config.mlp_bias;
  return { ...sizes, parameters: parametersOf(config, sizes), biased };
}

function parametersOf(
  { attention_bias, mlp_bias, tie_word_embeddings }: LlamaConfig,
  { vocabulary, width, layers, heads, kvHeads, headWidth, inner }: Omit<ModelDimensions, 'parameters' | 'biased'>,
): number {
  const [mixed, keys] = [heads * headWidth, kvHeads * headWidth];
  const attention = width * (2 * mixed + 2 * keys) + (attention_bias ? mixed + 2 * keys + width : 0);
  const mlp = 3 * width * inner + (mlp_bias ? 2 * inner + width : 0);
  return (tie_word_embeddings ? 1 : 2) * vocabulary * width + layers * (attention + mlp + 2 * width) + width;
}

/** Sizes that contradict each other would only fail later, somewhere inside a tensor operation. */
const LlamaConfig = LlamaKeys.superRefine((config, context) => {
  const { heads, kvHeads, headWidth, width } = dimensionsOf(config);
  const refuse = (key: keyof LlamaConfig & string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message, input: config[key] });
  if (!Number.isInteger(headWidth)) refuse('num_attention_heads', `it must divide hidden_size (${width})`);
  else if (headWidth % 2 !== 0)
    refuse(
      config.head_dim ? 'head_dim' : 'num_attention_heads',
      `heads of ${headWidth} channels do not rotate in pairs`,
    );
  if (heads % kvHeads !== 0) refuse('num_key_value_heads', `it must divide num_attention_heads (${heads})`);
});

/** Before transformers 4.43, RoPE's kind stood under `type`. */
function renameRopeType(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const scaling = config['rope_scaling'];
  if (typeof scaling !== 'object' || scaling === null || !('type' in scaling) || 'rope_type' in scaling) return config;
  const { type, ...rest } = scaling;
  return { ...config, rope_scaling: { ...rest, rope_type: type } };
}

/** x + W_o attention(W_q h, W_k h, W_v h), h the normed x. */
class Attention extends Module<[x: Tensor, norm: RmsNorm, context: BlockContext], Tensor> {
  qProj: Linear;
  kProj: Linear;
  vProj: Linear;
  oProj: Linear;
  readonly #layer: number;
  readonly #dropout: number;
  readonly #heads: { readonly heads: number; readonly kvHeads: number };

  constructor(config: LlamaConfig, layer: number) {
    super();
    const { width, heads, kvHeads, headWidth } = dimensionsOf(config);
    const bias = config.attention_bias;
    this.qProj = new Linear(width, heads * headWidth, { bias });
    this.kProj = new Linear(width, kvHeads * headWidth, { bias });
    this.vProj = new Linear(width, kvHeads * headWidth, { bias });
    this.oProj = new Linear(heads * headWidth, width, { bias });
    this.#layer = layer;
    this.#dropout = config.attention_dropout;
    this.#heads = { heads, kvHeads };
  }

  /** float32 [N, D] → float32 [N, D] */
  override forward(x: Tensor, norm: RmsNorm, { attention, rotary, training }: BlockContext): Tensor {
    const qkv = normLinear(x, norm, [this.qProj, this.kProj, this.vProj], training); // [N, (H + 2K)·Dh]
    const dropout = training ? this.#dropout : 0;
    const mixed = rotaryAttention(qkv, attention, rotary, { ...this.#heads, layer: this.#layer, dropout });
    return linearResidual(x, mixed, this.oProj, training);
  }
}

/** SwiGLU, Shazeer 2020, arXiv:2002.05202, eq. 6: x + W_down (silu(W_gate h) ∘ W_up h), h the normed x. */
class Mlp extends Module<[x: Tensor, norm: RmsNorm, context: BlockContext], Tensor> {
  gateProj: Linear;
  upProj: Linear;
  downProj: Linear;

  constructor({ hidden_size: width, intermediate_size: inner, mlp_bias: bias }: LlamaConfig) {
    super();
    this.gateProj = new Linear(width, inner, { bias });
    this.upProj = new Linear(width, inner, { bias });
    this.downProj = new Linear(inner, width, { bias });
  }

  /** float32 [N, D] → float32 [N, D] */
  override forward(x: Tensor, norm: RmsNorm, { training }: BlockContext): Tensor {
    const gateUp = normLinear(x, norm, [this.gateProj, this.upProj], training); // [N, 2F]
    return swigluLinearResidual(x, gateUp, this.downProj, training);
  }
}

class LlamaBlock extends Module<[x: Tensor, context: BlockContext], Tensor> {
  inputLayernorm: RmsNorm;
  selfAttn: Attention;
  postAttentionLayernorm: RmsNorm;
  mlp: Mlp;

  constructor(config: LlamaConfig, layer: number) {
    super();
    this.inputLayernorm = new RmsNorm(config.hidden_size, config.rms_norm_eps);
    this.selfAttn = new Attention(config, layer);
    this.postAttentionLayernorm = new RmsNorm(config.hidden_size, config.rms_norm_eps);
    this.mlp = new Mlp(config);
  }

  /** float32 [N, D] → float32 [N, D] */
  override forward(x: Tensor, context: BlockContext): Tensor {
    const attended = this.selfAttn.call(x, this.inputLayernorm, context);
    return this.mlp.call(attended, this.postAttentionLayernorm, context);
  }

  /** Linear maps that share an input. */
  get joined(): readonly (readonly Linear[])[] {
    const { qProj, kProj, vProj } = this.selfAttn;
    return [
      [qProj, kProj, vProj],
      [this.mlp.gateProj, this.mlp.upProj],
    ];
  }
}

/**
 * Llama decoder, Touvron et al. 2023, arXiv:2302.13971, with grouped-query attention (Ainslie et al. 2023,
 * arXiv:2305.13245) and Llama 3's RoPE scaling. Covers every checkpoint whose model_type is `llama`.
 */
class LlamaModel extends Decoder {
  embedTokens: Embedding;
  layers: LlamaBlock[];
  norm: RmsNorm;
  readonly #config: LlamaConfig;
  readonly #frequencies: readonly number[];

  constructor(config: LlamaConfig) {
    super();
    this.#config = config;
    this.embedTokens = new Embedding(config.vocab_size, config.hidden_size);
    this.layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => new LlamaBlock(config, layer));
    this.norm = new RmsNorm(config.hidden_size, config.rms_norm_eps);
    const rope = config.rope_parameters ?? config.rope_scaling;
    const theta = rope?.rope_theta ?? config.rope_theta;
    this.#frequencies = inverseFrequencies(
      this.dimensions.headWidth,
      theta,
      rope?.rope_type === 'llama3' ? rope : undefined,
    );
  }

  override get dimensions(): ModelDimensions {
    return dimensionsOf(this.#config);
  }

  override get blocks(): readonly LlamaBlock[] {
    return this.layers;
  }

  override get inputEmbedding(): Embedding {
    return this.embedTokens;
  }

  override get joined(): readonly (readonly Linear[])[] {
    return this.layers.flatMap((block) => block.joined);
  }

  override get initializerRange(): number {
    return this.#config.initializer_range;
  }

  override get ignoredKeys(): readonly string[] {
    return [];
  }

  override begin(tokens: Tensor, attention: AttentionContext, training: boolean): { x: Tensor; context: BlockContext } {
    const rotary = rotaryTable(attention.positions, this.#frequencies);
    return { x: this.embedTokens.call(tokens), context: { attention, rotary, training } };
  }

  override finish(x: Tensor): Tensor {
    return this.norm.call(x);
  }

  /** The parts by their role, with the projection to the vocabulary that is put on. */
  parts(head: Tensor): DecoderParts {
    return {
      embedding: this.embedTokens.weight,
      blocks: this.layers.map(({ inputLayernorm, selfAttn, postAttentionLayernorm, mlp }) => ({
        attentionNorm: inputLayernorm,
        query: selfAttn.qProj,
        key: selfAttn.kProj,
        value: selfAttn.vProj,
        output: selfAttn.oProj,
        mlpNorm: postAttentionLayernorm,
        gate: mlp.gateProj,
        up: mlp.upProj,
        down: mlp.downProj,
      })),
      norm: this.norm,
      head,
      frequencies: this.#frequencies,
    };
  }
}

/** A Llama that predicts the next token, by a projection of its own or by the table of embeddings. */
class Llama extends CausalLm {
  model: LlamaModel;
  lmHead?: Linear;

  constructor(config: LlamaConfig) {
    super();
    this.model = new LlamaModel(config);
    if (!config.tie_word_embeddings) this.lmHead = new Linear(config.hidden_size, config.vocab_size);
  }

  override get decoderParts(): DecoderParts {
    return this.model.parts(this.#head);
  }

  override get ignoredKeys(): readonly string[] {
    return this.lmHead ? [] : ['lm_head.weight'];
  }

  get #head(): Tensor {
    return this.lmHead?.weight ?? this.model.embedTokens.weight;
  }

  override logits(hidden: Tensor): Tensor {
    return project(hidden, this.#head).toDtype('float32');
  }

  override targetLogps(hidden: Tensor, targets: Tensor, temperature = 1): Tensor {
    // The projection has no bias: logits of divided states are divided logits.
    return targetLogps(temperature === 1 ? hidden : hidden.div(temperature), this.#head, targets);
  }
}

export const llama = defineFamily({
  modelType: 'llama',
  paper: 'arXiv:2302.13971',
  config: LlamaConfig,
  upgrade: renameRopeType,
  build: (config) => new Llama(config),
  buildDecoder: (config) => new LlamaModel(config),
  dimensions: dimensionsOf,
});

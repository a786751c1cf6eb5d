import { pocketContext } from './tokenizer.ts';
import { specialTokens } from './words.ts';
import type { PocketWorld } from './world.ts';

const idOf = (token: (typeof specialTokens)[number]) => specialTokens.indexOf(token);

/** The `config.json` of the pocket model: a Llama of 0.9 million parameters, 3.7 MB in fp32. */
export function pocketModelConfig(world: PocketWorld) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: world.vocabulary.length,
    hidden_size: 128,
    intermediate_size: 352,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    head_dim: 32,
    hidden_act: 'silu',
    max_position_embeddings: pocketContext,
    rope_theta: 10000,
    rms_norm_eps: 1e-5,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    initializer_range: pocketInit.linear,
    bos_token_id: idOf('<bos>'),
    eos_token_id: idOf('<end>'),
    pad_token_id: idOf('<pad>'),
    torch_dtype: 'float32',
  } as const;
}

/**
 * Standard deviations of the initial weights, normal with mean 0; norms start at 1. Embeddings as small as is usual (0.02)
 * take ten times the steps: words are then too alike for attention to match them.
 */
export const pocketInit = { embedding: 0.3, linear: 0.06 } as const;

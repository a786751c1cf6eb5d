// The shape of the English base: a Llama of 5.5 million parameters, 10.9 MB in bfloat16.
import { contextLength, specialTokens, vocabularySize } from './tokenizer.mjs';

const id = (token) => specialTokens.indexOf(token);

export const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: vocabularySize,
  hidden_size: 256,
  intermediate_size: 704,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
  hidden_act: 'silu',
  max_position_embeddings: contextLength,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: true,
  initializer_range: 0.02,
  bos_token_id: id('<|bos|>'),
  eos_token_id: id('<|end|>'),
  pad_token_id: id('<|pad|>'),
  torch_dtype: 'float32',
};

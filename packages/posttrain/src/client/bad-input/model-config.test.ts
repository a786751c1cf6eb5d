import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changeJson, changeWeights, refuses, type Scene, scene, show, succeed } from '../../testing/provoke.ts';
import { loadModel } from '../model.ts';

const config = (change: Readonly<Record<string, unknown>>) => (at: Scene) =>
  changeJson(join(at.model, 'config.json'), change);

refuses(
  'a model_type with a letter missing',
  config({ model_type: 'lama' }),
  `model-unsupported: model_type "lama" is not built here.
  in ROOT/model/config.json model_type
  help: did you mean "llama"?`,
);

refuses(
  'a model_type that no family builds',
  config({ model_type: 'gpt2' }),
  `model-unsupported: model_type "gpt2" is not built here.
  in ROOT/model/config.json model_type
  help: supported: llama.`,
);

refuses(
  'a config without model_type',
  config({ model_type: undefined }),
  `model-unsupported: config.json has no model_type.
  in ROOT/model/config.json model_type
  help: supported: llama.`,
);

const cannotBeBuilt = (...problems: string[]) => `model-unsupported: this llama model cannot be built here:
${problems.map((problem) => `  ${problem}\n`).join('')}  in ROOT/model/config.json
  help: each line names a key of config.json, its value, and what can be built.`;

refuses('another activation', config({ hidden_act: 'gelu' }), cannotBeBuilt('hidden_act is "gelu"; supported: "silu"'));

refuses(
  'another kind of RoPE',
  config({ rope_parameters: { rope_type: 'yarn', factor: 4 } }),
  cannotBeBuilt('rope_parameters.rope_type is "yarn"; supported: "default", "llama3"'),
);

refuses(
  'another kind of RoPE under its older key',
  config({ rope_parameters: undefined, rope_scaling: { type: 'dynamic', factor: 4 } }),
  cannotBeBuilt('rope_scaling.rope_type is "dynamic"; supported: "default", "llama3"'),
);

refuses(
  'several keys at once',
  config({ hidden_act: 'gelu', hidden_size: 'wide', num_hidden_layers: 1.5, vocab_size: undefined }),
  cannotBeBuilt(
    'vocab_size is missing',
    'hidden_size is "wide"; it must be a number',
    'num_hidden_layers is 1.5; it must be a whole number',
    'hidden_act is "gelu"; supported: "silu"',
  ),
);

refuses(
  'heads that do not divide',
  config({ num_attention_heads: 5, num_key_value_heads: 2, head_dim: null }),
  cannotBeBuilt(
    'num_attention_heads is 5; it must divide hidden_size (48)',
    'num_key_value_heads is 2; it must divide num_attention_heads (5)',
  ),
);

refuses(
  'heads of an odd width',
  config({ head_dim: 15 }),
  cannotBeBuilt('head_dim is 15; heads of 15 channels do not rotate in pairs'),
);

refuses(
  'a quantised checkpoint',
  config({ quantization_config: { bits: 4 } }),
  `model-unsupported: the checkpoint is quantised (quantization_config).
  in ROOT/model/config.json
  help: use the original checkpoint in float32, bfloat16 or float16.`,
);

/** Cuts the embedding and the head down to the first 100 ids. */
function cutVocabulary(at: Scene): void {
  changeJson(join(at.model, 'config.json'), { vocab_size: 100 });
  changeWeights(at, (weights) => {
    for (const name of ['model.embed_tokens.weight', 'lm_head.weight'])
      weights.set(name, weights.get(name)!.narrow(0, 0, 100).clone());
  });
}

refuses(
  'a tokenizer that knows more ids than the embedding',
  cutVocabulary,
  `model-invalid: ROOT/rows.jsonl:2 has the token id 460; the model knows ids up to 99.
  in ROOT/rows.jsonl:2
  help: tokenizer.json and the weights must come from the same model, as must ids made elsewhere.`,
);

test('the same model refuses a prompt it has no embedding for, and answers others', async () => {
  using at = scene();
  cutVocabulary(at);
  await using model = await loadModel(at.model);
  await assert.rejects(model.generate(['Name a colour.']), (thrown) => {
    assert.match(
      show(thrown, at),
      /^model-invalid: the tokenizer gives the id \d+; the model knows ids up to 99\.\n {2}in ROOT\/model\n {2}help: tokenizer\.json and the weights must come from the same model\.$/,
    );
    return true;
  });
  const [answer] = await model.generate(['a'], { maxTokens: 1 });
  assert.equal(answer?.tokens.length, 1);
});

test('the older spelling of a kind of RoPE that is built is read', async () => {
  using at = scene();
  const file = join(at.model, 'config.json');
  const rope = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 16 };
  const first = async (change: Readonly<Record<string, unknown>>, dir: string) => {
    changeJson(file, { rope_parameters: undefined, ...change });
    const events = await succeed({ ...at, dir: join(at.root, dir) }, { steps: 1 });
    return events.find((event) => event.type === 'step')?.loss;
  };
  const today = await first({ rope_scaling: { rope_type: 'llama3', ...rope } }, 'a');
  const older = await first({ rope_scaling: { type: 'llama3', ...rope } }, 'b');
  const none = await first({ rope_scaling: undefined }, 'c');
  assert.ok(readFileSync(file, 'utf8').length > 0);
  assert.equal(older, today);
  assert.notEqual(older, none);
});

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { loadCausalLm } from '../models/index.ts';
import { loadRecipe } from '../runs/recipe/load.ts';
import { resolveRecipe } from '../runs/recipe/resolve.ts';
import { memory } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { estimateMemory } from './estimate-memory.ts';
import { planMemory } from './memory-plan.ts';

/** Large enough that what a step holds are large tensors, which the arena counts. */
function modelFolder(folder: string): string {
  const model = join(folder, 'model');
  mkdirSync(model);
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(goldenPath(`models/tiny-bpe/${name}`), join(model, name));
  const config = JSON.parse(readFileSync(goldenPath('models/tiny-bpe/config.json'), 'utf8'));
  const sizes = { hidden_size: 256, intermediate_size: 688, num_hidden_layers: 8, vocab_size: 8192 };
  const heads = { num_attention_heads: 4, num_key_value_heads: 2, head_dim: 64 };
  const plain = { attention_bias: false, mlp_bias: false, max_position_embeddings: 1024 };
  writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, ...sizes, ...heads, ...plain }));
  return model;
}

function rowsFile(folder: string): string {
  const file = join(folder, 'rows.jsonl');
  const rows = readFileSync(goldenPath('sft/rows.jsonl'), 'utf8').trim().split('\n');
  const text = (row: string) =>
    (JSON.parse(row) as { messages: { content: string }[] }).messages.map((m) => m.content).join(' ');
  writeFileSync(file, rows.map((row) => `${JSON.stringify({ text: text(row) })}\n`).join(''));
  return file;
}

// In the order of what they need: the most that there was only rises.
test('what steps hold at their fullest is what was planned', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = temporaryFolder(t);
  const [model, rows] = [modelFolder(folder), rowsFile(folder)];
  const shared = { method: 'pretrain', init: 'random', batch: 4, steps: 2, lr: 1e-3, threads: 1 } as const;
  for (const [i, change] of [
    { precision: 'bf16', recompute: true },
    { precision: 'fp32', recompute: true },
    { precision: 'bf16', microBatch: 2 },
    { precision: 'bf16' },
    { precision: 'fp32' },
  ].entries()) {
    const recipe = {
      ...shared,
      ...{ model, data: { train: rows, maxTokens: 512, packing: true }, microBatch: 4 },
      ...{ forgetting: false, every: { checkpoint: false } },
      ...change,
    } as Recipe;
    const run = train(recipe, { dir: join(folder, `run-${i}`), inProcess: true });
    let planned: Extract<RunEvent, { type: 'start' }>['plannedMemory'] | undefined;
    for await (const event of run) if (event.type === 'start') planned = event.plannedMemory;
    const { states, activations } = planned!;
    const share = memory().arenaMost / (states + activations);
    assert.ok(share > 0.85 && share < 1.1, `${JSON.stringify(change)}: ${share} of ${states} + ${activations}`);
    const { states: early, activations: most } = estimateMemory(await resolveRecipe(await loadRecipe(recipe)));
    assert.deepEqual([early, most], [states, activations]);
  }
});

test('a family counts the numbers of a model without making it', () => {
  for (const name of ['models/tiny-bpe', 'models/babyllama-361', 'tiny/tied', 'tiny/untied', 'tiny/biases']) {
    const { model } = loadCausalLm(goldenPath(name));
    using _ = model;
    assert.equal(
      model.dimensions.parameters,
      model.parameters().reduce((sum, { count }) => sum + count, 0),
      name,
    );
  }
});

test('by hand: one block of width 4, 10 words, 2 rows of 3 tokens', () => {
  const dimensions = { vocabulary: 10, width: 4, layers: 1, heads: 2, kvHeads: 1, headWidth: 2, inner: 6 } as const;
  const model = { dimensions: { ...dimensions, context: 8, parameters: 100, biased: false } };
  const recipe = { method: 'sft', batch: 4, optimizer: { kind: 'adamw' }, recompute: false } as never;
  const plan = planMemory(recipe, model, { precision: 'bf16', microBatch: 2, longestPack: 3 });
  // masters 4, copies 2, short gradients 2 and their sums 4, means 8
  assert.equal(plan.states, 100 * 20);
  // kept: 2 bytes · (2·4 + 6·2 + 12) + 4 · (2 + 2) = 80; passing: 2 · (18 + 8 + 8) + 24 · 4 = 164, more than 10 logits of 2 bytes
  assert.equal(plan.activations, 6 * 80 + 6 * 164);
  const adapters = planMemory(recipe, { ...model, trained: 10 }, { precision: 'bf16', microBatch: 4, longestPack: 3 });
  assert.equal(adapters.states, 90 * 2 + 10 * (6 + 2 + 8));
  const drawn = { ...(recipe as object), method: 'grpo', grpo: { beta: 0.1 } } as never;
  // A packed copy to draw from, and the model before the run.
  assert.equal(
    planMemory(drawn, model, { precision: 'fp32', microBatch: 4, longestPack: 3 }).states,
    100 * (16 + 4 + 4),
  );
  const valued = { ...(recipe as object), method: 'ppo', ppo: { beta: 0 } } as never;
  const critic = { ...model.dimensions, parameters: 30 };
  const beside = { ...model, trained: 10, critic };
  // All of the critic's numbers are trained, also where the policy has adapters.
  assert.equal(
    planMemory(valued, beside, { precision: 'fp32', microBatch: 4, longestPack: 3 }).states,
    90 * 4 + (10 + 30) * 16 + 100 * 4,
  );
});

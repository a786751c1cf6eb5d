import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pack, TokenRow } from '../data/types.ts';
import { loadCausalLm } from '../models/load.ts';
import { Random } from '../support/random.ts';
import { memory, setThreads } from '../tensor/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { trainLoop } from './loop.ts';
import { makeTrainable } from './make-trainable.ts';
import { crossEntropy } from './objective.ts';
import { AdamW } from './optimizers/index.ts';

const config = {
  model_type: 'llama',
  vocab_size: 4096,
  hidden_size: 256,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 704,
  max_position_embeddings: 1024,
  tie_word_embeddings: true,
};

/** Two rows of together 1,001 to 1,023 tokens, other lengths at every step. */
function packOf(step: number): Pack {
  const random = Random.of(step, 'lengths');
  const total = 1001 + random.int(23);
  const first = 300 + random.int(400);
  return [first, total - first].map(
    (length): TokenRow => ({
      tokens: Int32Array.from({ length }, () => random.int(config.vocab_size)),
      weights: new Float32Array(length).fill(1),
      origin: { file: 'rows', line: step },
    }),
  );
}

test('steady steps of varying lengths in bf16 fault in next to no pages, and waste next to no memory', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, async (t) => {
  setThreads(1);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  using model = loadCausalLm(folder, { init: 'random', seed: 0 }).model;
  using trainable = makeTrainable(model, 'bf16');
  using optimizer = new AdamW(trainable, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });
  const [warmUp, steps] = [8, 28];
  const faults: number[] = [];
  let before = 0;
  const options = {
    ...{ model, trainable, optimizer, objective: crossEntropy, validation: [], microBatch: 1, clip: 1 },
    source: { stepsPerEpoch: steps, packs: (step: number) => [packOf(step)] },
    learningRate: () => 1e-3,
    recompute: false,
    seed: 0,
    every: { evaluate: false, checkpoint: false },
  } as const;
  await trainLoop(
    0,
    { ...options, steps },
    {
      onStep: () => {
        const now = process.resourceUsage().minorPageFault;
        faults.push(now - before);
        before = now;
      },
      onEvaluate: () => {},
      saveCheckpoint: async () => {},
      stopRequested: () => false,
    },
  );
  const steady = faults.slice(warmUp).sort((a, b) => a - b);
  const median = steady[steady.length >> 1]!;
  const { arenaUsed, arenaMost, arenaFree } = memory();
  t.diagnostic(`faults by step: ${faults.join(' ')}`);
  t.diagnostic(`most in blocks ${arenaMost} bytes, all below the highest block ${arenaUsed + arenaFree}`);
  assert.ok(median <= 250, `${median} faults in the middle step; by step: ${faults.join(' ')}`);
  assert.ok(arenaMost > 0, 'the arena serves tensors');
  assert.ok(arenaUsed + arenaFree <= 1.05 * arenaMost, `${arenaUsed + arenaFree} bytes of addresses for ${arenaMost}`);
});

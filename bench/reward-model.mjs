// A reward model of 135 M parameters, two pairs of 2 × 512 tokens, bf16 compute, beside TRL's RewardTrainer: by default, and with glibc's malloc told
// to keep its memory. Steps alternate. The bound is the matrix products of the blocks at the best rate that they reach here.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makePairs, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, columnsOf, reaches } from './programs/beside-trl.mjs';

export const description =
  'tokens per second and memory of a reward model, 135M shape, two pairs of 2 × 512 tokens in bf16, beside TRL';
export const settings = { threads: 2, steps: 10, peerSteps: 3 };

/** Two pairs: 4 × 512 tokens a step, half of each row prompt. */
const [pairs, maxTokens] = [2, 512];
const least = { boundShare: 0.6, timesDefault: 1, memory: 1 };

export async function run({ settings: { threads, steps, peerSteps }, peers, log }) {
  const folder = makeModel(shape135m);
  const rate = bestMatmulRate(shape135m, 2 * pairs * maxTokens, threads);
  log(`matrix products: ${(rate / 1e9).toFixed(0)} GFLOP/s`);
  const versions = {};
  let made;
  try {
    const spec = join(folder, 'spec.json');
    const content = {
      method: 'reward-model',
      model: folder,
      rows: makePairs(folder, 'pairs', { count: 2 * (steps + 1), half: maxTokens / 2, vocabulary: 8000 }),
      batch: pairs,
      maxTokens,
      threads,
      lr: 1e-5,
      precision: 'bf16',
      packing: false,
    };
    writeFileSync(spec, JSON.stringify(content));
    made = await besideTrl(spec, { threads, steps, peerSteps, peers, versions, log });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const columns = columnsOf(made, rate / stepFlops(shape135m, 1, 6, 0));
  const { ours, ...others } = made;
  return {
    ok: reaches(columns, least),
    ours,
    peers: others,
    bound: { flopsPerSecond: rate },
    ratio: columns,
    limit: least,
    versions,
  };
}

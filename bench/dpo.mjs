// DPO of a 135 M parameter model, two pairs of 2 × 512 tokens, bf16 compute, beside TRL's DPOTrainer: by default, where the reference is asked in
// every step, and at its best, where it is measured before. Steps alternate. The bound is the matrix products of all tokens, and of the answers alone with the
// vocabulary, at the best rate that they reach here.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makePairs, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, columnsOf, reaches } from './programs/beside-trl.mjs';

export const description =
  'tokens per second and memory of DPO, 135M shape, two pairs of 2 × 512 tokens in bf16, beside TRL';
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
      method: 'dpo',
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
  const columns = columnsOf(made, rate / stepFlops(shape135m, 1, 6, 0.5));
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

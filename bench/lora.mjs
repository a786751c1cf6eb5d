// LoRA of rank 16 on all linear maps of a 135 M parameter model, 4 × 512 packed tokens, bf16 compute, beside TRL's
// SFTTrainer with PEFT: by default, and with glibc's malloc told to keep its memory. Steps alternate. The bound is the base's
// matrix products, forwards and back to the input, at the best rate that they reach here; the adapters' own are on top.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makeRows, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, columnsOf, reaches } from './programs/beside-trl.mjs';

export const description =
  'tokens per second and memory of LoRA, rank 16, 135M shape, 4 × 512 packed tokens in bf16, beside TRL and PEFT';
export const settings = { threads: 2, steps: 10, peerSteps: 3 };

const [batch, maxTokens] = [4, 512];
const least = { boundShare: 0.55, timesDefault: 3.5, memory: 0.45 };
const goal = { boundShare: 0.65, timesDefault: 4.5, memory: 0.37 };

export async function run({ settings: { threads, steps, peerSteps }, peers, log }) {
  const folder = makeModel(shape135m);
  const rate = bestMatmulRate(shape135m, batch * maxTokens, threads);
  log(`matrix products: ${(rate / 1e9).toFixed(0)} GFLOP/s`);
  const versions = {};
  let made;
  try {
    const spec = join(folder, 'lora.json');
    const content = {
      model: folder,
      rows: makeRows(folder, 'short', { count: 1200, shortest: 60, longest: 260, vocabulary: 8000 }),
      batch,
      maxTokens,
      threads,
      lr: 1e-4,
      precision: 'bf16',
      packing: true,
      lora: { rank: 16, alpha: 32, targets: 'all-linear' },
    };
    writeFileSync(spec, JSON.stringify(content));
    made = await besideTrl(spec, { threads, steps, peerSteps, peers, versions, log });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const columns = columnsOf(made, rate / stepFlops(shape135m, 1, 4));
  const { ours, ...others } = made;
  return {
    ok: reaches(columns, least),
    ours,
    peers: others,
    bound: { flopsPerSecond: rate },
    ratio: columns,
    limit: least,
    goal,
    versions,
  };
}

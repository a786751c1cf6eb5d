// Supervised fine-tuning of a 135 M parameter model, 4 × 512 tokens, bf16 compute, beside TRL's SFTTrainer: by default, and
// with glibc's malloc told to keep its memory. Packed against packed, whole rows against whole rows; steps alternate.
// The bound is the step's matrix products at the best rate that they reach here.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makeRows, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, columnsOf, reaches } from './programs/beside-trl.mjs';

export const description = 'tokens per second and memory of SFT, 135M shape, 4 × 512 tokens in bf16, beside TRL';
export const settings = { threads: 2, steps: 10, peerSteps: 3 };

const [batch, maxTokens] = [4, 512];
/** Goals of the columns: share of the bound, times the peer's default, memory of its. */
const least = { boundShare: 0.65, timesDefault: 3, memory: 0.5 };

export async function run({ settings: { threads, steps, peerSteps }, peers, log }) {
  const folder = makeModel(shape135m);
  const vocabulary = 8000;
  const rowsOf = {
    packed: makeRows(folder, 'short', { count: 1200, shortest: 60, longest: 260, vocabulary }),
    rows: makeRows(folder, 'whole', { count: 160, shortest: maxTokens, longest: maxTokens, vocabulary }),
  };
  const rate = bestMatmulRate(shape135m, batch * maxTokens, threads);
  log(`matrix products: ${(rate / 1e9).toFixed(0)} GFLOP/s`);
  const modes = {};
  const versions = {};
  try {
    for (const [mode, rows] of Object.entries(rowsOf)) {
      const spec = join(folder, `${mode}.json`);
      const content = {
        model: folder,
        rows,
        batch,
        maxTokens,
        threads,
        lr: 1e-4,
        precision: 'bf16',
        packing: mode === 'packed',
      };
      writeFileSync(spec, JSON.stringify(content));
      modes[mode] = await besideTrl(spec, { threads, steps, peerSteps, peers, versions, log });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return judge(modes, rate, versions);
}

function judge(modes, rate, versions) {
  const bound = rate / stepFlops(shape135m, 1);
  const columns = Object.fromEntries(Object.entries(modes).map(([mode, made]) => [mode, columnsOf(made, bound)]));
  const ok = Object.values(columns).every((column) => reaches(column, least));
  return {
    ok,
    ours: Object.fromEntries(Object.entries(modes).map(([mode, { ours }]) => [mode, ours])),
    peers: Object.fromEntries(Object.entries(modes).map(([mode, { ours: _, ...others }]) => [mode, others])),
    bound: { flopsPerSecond: rate },
    ratio: columns,
    limit: least,
    versions,
  };
}

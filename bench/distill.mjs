// Distillation of a 135 M parameter teacher into a quarter of its size, 4 × 512 tokens, forward KL, bf16 compute, beside TRL's GKDTrainer
// with lambda 0: by default, and with glibc's malloc told to keep its memory. Steps alternate. The bound is the matrix products of
// the student's step and the teacher's forward pass at the best rate that they reach here.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makeRows, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, host } from './programs/beside-trl.mjs';

export const description =
  'tokens per second and memory of distillation, 135M teacher, 4 × 512 tokens in bf16, beside TRL';
export const settings = { threads: 2, steps: 10, peerSteps: 3 };

const [batch, maxTokens, vocabulary] = [4, 512, 8000];
/** The teacher's vocabulary, and about a quarter of its parameters. */
const student = {
  ...shape135m,
  hidden_size: 384,
  num_hidden_layers: 10,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  intermediate_size: 1024,
};
/** Goals of the columns: share of the bound, times either peer, memory of its default. */
const least = { boundShare: 0.6, timesPeers: 1, memory: 1 };

export async function run({ settings: { threads, steps, peerSteps }, peers, log }) {
  const folders = [makeModel(student), makeModel(shape135m)];
  const [model, teacher] = folders;
  const rows = makeRows(model, 'whole', { count: 160, shortest: maxTokens, longest: maxTokens, vocabulary });
  const rate = bestMatmulRate(shape135m, batch * maxTokens, threads);
  log(`matrix products: ${(rate / 1e9).toFixed(0)} GFLOP/s`);
  const versions = {};
  try {
    const spec = join(model, 'spec.json');
    const content = { model, teacher, rows, batch, maxTokens, threads, lr: 1e-4, precision: 'bf16', packing: false };
    writeFileSync(spec, JSON.stringify(content));
    const sides = await besideTrl(spec, { threads, steps, peerSteps, peers, versions, log, script: 'gkd_steps.py' });
    return judge(sides, rate, versions);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

function judge({ ours, default: plain, tunedMalloc: tuned }, rate, versions) {
  const bound = rate / (stepFlops(student, 1) + stepFlops(shape135m, 1) / 3);
  const columns = {
    boundTokensPerSecond: bound,
    boundShare: ours.tokensPerSecond / bound,
    timesDefault: plain ? ours.tokensPerSecond / plain.tokensPerSecond : null,
    timesTuned: tuned ? ours.tokensPerSecond / tuned.tokensPerSecond : null,
    memory: plain ? (ours.peakRss + host) / plain.peakRss : null,
    // The same steps: as many of ours as the peer did.
    lossWithin1Percent: plain ? Math.abs(ours.losses[plain.steps - 1] / plain.loss - 1) < 0.01 : null,
  };
  const beside =
    columns.timesDefault === null ||
    (columns.timesDefault > least.timesPeers &&
      columns.timesTuned > least.timesPeers &&
      columns.memory <= least.memory &&
      columns.lossWithin1Percent);
  return {
    ok: columns.boundShare >= least.boundShare && beside,
    ours,
    peers: plain ? { default: plain, tunedMalloc: tuned } : {},
    bound: { flopsPerSecond: rate },
    ratio: columns,
    limit: least,
    versions,
  };
}

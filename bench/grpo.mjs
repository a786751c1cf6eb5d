// GRPO of a 135 M parameter model beside TRL's GRPOTrainer: one prompt of 64 tokens, 8 answers of exactly 64 new tokens to it in a step, bf16 compute,
// a reward that costs nothing. The peer runs by default, and with glibc's malloc told to keep its memory; steps alternate. Both phases are told apart:
// drawing, whose bound is to read the weights once for each new token of a row, and learning, whose bound is the matrix products of all tokens, and
// of the answers alone with the vocabulary.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestMatmulRate, makeModel, makePrompts, readingRate, shape135m, stepFlops } from './programs/bench-model.mjs';
import { besideTrl, host } from './programs/beside-trl.mjs';

export const description =
  'GRPO, 135M shape, 8 answers of 64 new tokens a step in bf16, beside TRL: drawing and learning apart';
export const settings = { threads: 2, steps: 10, peerSteps: 3 };

const [group, promptTokens, newTokens] = [8, 64, 64];
const tokens = group * (promptTokens + newTokens);
/** Learning reaches so much of its bound; each phase, and memory, beats the peer's default, and the whole step its best. */
const least = { learnBoundShare: 0.6, timesPeers: 1, memory: 1 };

export async function run({ settings: { threads, steps, peerSteps }, peers, log }) {
  const folder = makeModel(shape135m);
  const rates = { flopsPerSecond: bestMatmulRate(shape135m, tokens, threads), bytesPerSecond: readingRate() };
  log(
    `matrix products: ${(rates.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s, reading ${gigabytes(rates.bytesPerSecond)} GB/s`,
  );
  const versions = {};
  let made;
  try {
    const spec = join(folder, 'spec.json');
    const content = {
      ...{ method: 'grpo', model: folder, batch: group, group, newTokens, threads, lr: 1e-6, precision: 'bf16' },
      rows: makePrompts(folder, 'prompts', { count: steps + 1, length: promptTokens, vocabulary: 8000 }),
    };
    writeFileSync(spec, JSON.stringify(content));
    made = await besideTrl(spec, { threads, steps, peerSteps, peers, versions, log, script: 'grpo_steps.py' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const columns = columnsOf(made, boundsOf(rates));
  const { ours, ...others } = made;
  return { ok: reaches(columns), ours, peers: others, bound: rates, ratio: columns, limit: least, versions };
}

/** Seconds of each phase at this machine's best rates, and bytes by arithmetic. */
function boundsOf({ flopsPerSecond, bytesPerSecond }) {
  const weights = stepFlops(shape135m, 1, 1);
  const head = shape135m.vocab_size * shape135m.hidden_size;
  // The prompt once for its group, its last state alone to the vocabulary; then a pass over the weights for each token but the first.
  const prefill = (2 * (promptTokens * (weights - head) + head)) / flopsPerSecond;
  const pass = Math.max((2 * weights) / bytesPerSecond, (2 * group * weights) / flopsPerSecond);
  const learn = stepFlops(shape135m, tokens, 6, newTokens / (promptTokens + newTokens)) / flopsPerSecond;
  // Weights and both means in float32; the copy that computes, its gradient and the packed copy in bf16. Activations as settle.ts plans them.
  const states = weights * (4 + 8 + 2 + 2 + 2);
  const activations = 96 * shape135m.hidden_size * shape135m.num_hidden_layers * tokens;
  return { draw: prefill + (newTokens - 1) * pass, learn, bytes: states + 1.3 * activations + 0.5e9 };
}

function columnsOf({ ours, default: plain, tunedMalloc: tuned }, bound) {
  const times = (peer, which) => (peer ? peer[which] / ours[which] : null);
  const phase = (which, seconds) => ({
    boundSeconds: seconds,
    boundShare: seconds / ours[which],
    timesDefault: times(plain, which),
    timesTuned: times(tuned, which),
  });
  return {
    draw: phase('rolloutSecondsMedian', bound.draw),
    learn: phase('trainSecondsMedian', bound.learn),
    step: phase('secondsMedian', bound.draw + bound.learn),
    memory: plain ? (ours.peakRss + host) / plain.peakRss : null,
    memoryOfPlan: (ours.peakRss + host) / bound.bytes,
  };
}

function reaches({ draw, learn, step, memory, memoryOfPlan }) {
  if (learn.boundShare < least.learnBoundShare || memoryOfPlan > 1) return false;
  const faster = [draw.timesDefault, learn.timesDefault, step.timesDefault, step.timesTuned];
  return memory === null || (faster.every((times) => times > least.timesPeers) && memory <= least.memory);
}

const gigabytes = (bytes) => (bytes / 1e9).toFixed(0);

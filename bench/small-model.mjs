// A training step of the embedded pocket model in float32, where the cost is calls, not arithmetic: beside the same model
// in PyTorch from Python, without a trainer between. Rows of 20 to 60 tokens; ours runs without padding. Steps alternate.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRows } from './programs/bench-model.mjs';
import { interleave, startOurs, startPeer, tunedMalloc } from './programs/stepping.mjs';

export const description = 'a training step of the pocket model, beside the same model in PyTorch from Python';
export const settings = { threads: 1, steps: 100, batch: 8 };

const least = 1.5;
const model = fileURLToPath(new URL('../packages/posttrain/assets/pocket/base', import.meta.url));

export async function run({ settings: { threads, steps, batch }, peers, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-bench-'));
  const rows = makeRows(folder, 'short', { count: 4000, shortest: 20, longest: 60, vocabulary: 858 });
  const spec = join(folder, 'spec.json');
  writeFileSync(
    spec,
    JSON.stringify({ model, rows, batch, maxTokens: 512, threads, lr: 1e-4, precision: 'fp32', packing: false }),
  );
  const env = { OMP_NUM_THREADS: String(threads) };
  const sides = [{ name: 'ours', process: await startOurs(spec, env), steps }];
  if (peers)
    for (const [name, malloc] of [
      ['default', {}],
      ['tunedMalloc', tunedMalloc],
    ])
      sides.push({ name, steps, process: await startPeer(peers, 'pytorch_steps.py', spec, { ...env, ...malloc }) });
  const quiet = (text) => text.includes('step 0,') && log(text);
  const [ours, plain, tuned] = await interleave(sides, quiet);
  for (const { process } of sides) await process.end();
  rmSync(folder, { recursive: true, force: true });
  const best = tuned ? Math.min(plain.secondsMedian, tuned.secondsMedian) : null;
  const ratio = best ? best / ours.secondsMedian : null;
  log(
    `ours ${(1000 * ours.secondsMedian).toFixed(1)} ms${best ? `, PyTorch ${(1000 * best).toFixed(1)} ms, ${ratio.toFixed(2)} times` : ''}`,
  );
  return {
    ok: ratio === null || (ratio >= least && Math.abs(ours.loss / plain.loss - 1) < 0.01),
    ours,
    peers: plain ? { default: plain, tunedMalloc: tuned } : null,
    bound: null,
    ratio,
    limit: least,
    versions: Object.assign({}, ...sides.map(({ process }) => process.versions)),
  };
}

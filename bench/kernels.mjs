// What each kernel gains: a training step of the 135M shape with everything on, with one piece at a time switched off, and
// with all of them off. Processes follow one another; the one with everything on runs first and last.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelNames } from '../packages/posttrain/dist/native/kernel-switch.js';
import { makeModel, makeRows, shape135m } from './programs/bench-model.mjs';
import { interleave, startOurs } from './programs/stepping.mjs';

export const description = 'seconds, page faults and memory of a training step with each kernel switched off';
export const settings = { threads: 1, steps: 3 };

export async function run({ settings: { threads, steps }, log }) {
  const folder = makeModel(shape135m);
  const rows = makeRows(folder, 'short', { count: 400, shortest: 60, longest: 260, vocabulary: 8000 });
  const spec = join(folder, 'spec.json');
  const content = {
    model: folder,
    rows,
    batch: 4,
    maxTokens: 512,
    threads,
    lr: 1e-4,
    precision: 'bf16',
    packing: true,
  };
  writeFileSync(spec, JSON.stringify(content));
  // Those of generation have their own table, in bench/decode.
  const inTraining = kernelNames.filter((name) => name !== 'decode' && name !== 'sampler');
  const states = ['on', ...inTraining.map((name) => `off:${name}`), 'off:arena', 'off', 'on'];
  const ours = [];
  let versions;
  try {
    for (const state of states) {
      const without = state === 'off:arena' ? { POSTTRAIN_ARENA: 'off' } : { POSTTRAIN_KERNELS: state };
      const process = await startOurs(spec, { OMP_NUM_THREADS: String(threads), ...without });
      versions = process.versions;
      const [made] = await interleave([{ name: state, process, steps }], log);
      await process.end();
      ours.push({ state, ...made });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ok: true, ours, peers: null, bound: null, ratio: null, versions };
}

// What the studies babyllama-sft and babyllama-pretrain share: three seeds of a recipe through the public train(), from the
// pretrained weights and from random ones, beside PyTorch's three on the same rows in the same order (golden/learn/).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { train } from 'posttrain';

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const arms = { pretrained: 'pretrained', random: 'random' };

/** Limits, in nats of held-out loss per token: the mean from PyTorch's, and how much worse random weights end. */
const limits = { fromPyTorch: 0.03, randomWorse: 0.3, start: 1e-4 };
/** Between two correct programs losses of the first steps stay this close, relative to their size. */
const firstLosses = { steps: 20, tolerance: 2e-5 };

/** PyTorch had one thread too; on a busy machine it is also the faster choice. */
export const settings = { seeds: 3, threads: 1 };

/** The reference and its orders, as golden/scripts/babyllama_learn.py made them. */
export function reference(name) {
  const read = (file) => JSON.parse(readFileSync(join(golden, 'learn', file), 'utf8'));
  return { ...read(`${name}.json`), ...read(`${name}-orders.json`) };
}

export const modelFolder = join(golden, 'models', 'babyllama-361-chat');

export function goldenFile(name) {
  return join(golden, name);
}

/**
 * @param {{ name: 'sft' | 'pretrain', trainRows: unknown[], heldOutRows: unknown[], mustFall: number, recipe: object }} study
 *   rows as they are written to .jsonl, training rows in file order; `mustFall` nats below the start
 * @param {{ settings: { seeds: number, threads: number }, log: (text: string) => void }} options
 */
export async function learn({ name, trainRows, heldOutRows, mustFall, recipe }, { settings: { seeds, threads }, log }) {
  const peer = reference(name);
  const folder = mkdtempSync(join(tmpdir(), `posttrain-${name}-`));
  try {
    writeRows(join(folder, 'held-out.jsonl'), heldOutRows);
    const ours = {};
    for (const arm of Object.keys(arms)) {
      const runs = [];
      for (const seed of peer.spec.seeds.slice(0, seeds)) {
        const rows = join(folder, `rows-${seed}.jsonl`);
        writeRows(
          rows,
          peer.orders[seed].map((row) => trainRows[row]),
        );
        const dir = join(folder, `${arm}-${seed}`);
        const events = train(recipeOf(peer.spec, recipe, { folder, rows, arm, seed, threads }), { dir });
        const { heldOut, losses } = await curves(events);
        const end = heldOut[peer.spec.steps];
        log(`${arm}, seed ${seed}: ${heldOut[0].toFixed(4)} → ${end.toFixed(4)}`);
        runs.push({ seed, heldOut, end, lossDrift: arm === 'pretrained' ? driftOf(losses, peer, seed) : null });
        rmSync(dir, { recursive: true });
      }
      ours[arm] = { runs, meanEnd: mean(runs.map(({ end }) => end)) };
    }
    return verdict(ours, peer, seeds, mustFall);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recipeOf(spec, own, { folder, rows, arm, seed, threads }) {
  return {
    model: modelFolder,
    init: arms[arm],
    batch: spec.batch,
    steps: spec.steps,
    lr: spec.lr,
    schedule: { kind: spec.schedule, warmup: spec.warmup },
    optimizer: spec.optimizer,
    clip: spec.clip,
    precision: 'fp32',
    forgetting: false,
    every: { evaluate: 50, checkpoint: false },
    seed,
    threads,
    ...own,
    data: { train: rows, validation: join(folder, 'held-out.jsonl'), shuffle: false, packing: false, ...own.data },
  };
}

async function curves(run) {
  const heldOut = {};
  const losses = [];
  for await (const event of run) {
    if (event.type === 'evaluate') heldOut[event.step] = event.loss;
    if (event.type === 'step') losses.push(event.loss);
  }
  await run.result;
  return { heldOut, losses };
}

/** The largest relative difference of a training loss from PyTorch's, over the first steps and over all. */
function driftOf(losses, peer, seed) {
  const { trainLosses } = peer.arms.pretrained.runs.find((run) => run.seed === seed);
  const drift = losses.map((loss, step) => Math.abs(loss - trainLosses[step]) / trainLosses[step]);
  return { first: Math.max(...drift.slice(0, firstLosses.steps)), all: Math.max(...drift) };
}

function verdict(ours, peer, seeds, mustFall) {
  const start = ours.pretrained.runs[0].heldOut[0];
  const theirs = (arm) => mean(peer.arms[arm].runs.slice(0, seeds).map(({ end }) => end));
  const differences = {
    start: start - peer.start,
    fromPyTorch: ours.pretrained.meanEnd - theirs('pretrained'),
    fall: start - ours.pretrained.meanEnd,
    randomWorse: ours.random.meanEnd - ours.pretrained.meanEnd,
    firstLosses: Math.max(...ours.pretrained.runs.map(({ lossDrift }) => lossDrift.first)),
  };
  const checks = {
    sameStart: Math.abs(differences.start) <= limits.start,
    sameFirstLosses: differences.firstLosses <= firstLosses.tolerance,
    meanNearPyTorch: Math.abs(differences.fromPyTorch) <= limits.fromPyTorch,
    fell: differences.fall > mustFall,
    randomIsWorse: differences.randomWorse >= limits.randomWorse,
  };
  return {
    ok: Object.values(checks).every(Boolean),
    ours: { before: start, mean: ours.pretrained.meanEnd, ...ours },
    peers: {
      before: peer.start,
      mean: theirs('pretrained'),
      pretrained: { ends: peer.arms.pretrained.runs.map(({ end }) => end), meanEnd: peer.arms.pretrained.meanEnd },
      random: { ends: peer.arms.random.runs.map(({ end }) => end), meanEnd: peer.arms.random.meanEnd },
      madeWith: peer.madeWith,
    },
    bound: null,
    ratio: ours.pretrained.meanEnd / theirs('pretrained'),
    differences,
    checks,
    limits: { ...limits, mustFall, firstLosses: firstLosses.tolerance },
  };
}

function writeRows(file, rows) {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

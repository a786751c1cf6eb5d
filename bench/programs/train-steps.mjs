// Training steps on demand: node train-steps.mjs SPEC.json. For each line on stdin one step is done and one JSON line
// printed: { seconds, cpuSeconds, systemSeconds, loss, gradNorm, tokens, faults, peakRss }, for `grpo` with { rolloutSeconds }. The first line printed
// says that all is loaded.
//   SPEC: { model, rows, batch, precision, threads, lr, maxTokens, packing, method?, lora?, teacher?, group?, newTokens? }
//   rows: JSON lines with `input_ids`; for `dpo` and `reward-model` with `prompt_ids`, `chosen_ids`, `rejected_ids`; for `grpo` with `prompt_ids`
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { attachAdapters, loadCausalLm, loadRewardModel } from 'posttrain/models';
import { build, setThreads } from 'posttrain/tensor';
import { AdamW, crossEntropy, distillationObjective, liveTeacher, makeTrainable, trainLoop } from 'posttrain/train';
import { packRows } from '../../packages/posttrain/dist/data/packing.js';
import { dpoObjective } from '../../packages/posttrain/dist/train/methods/dpo.js';
import { rewardObjective } from '../../packages/posttrain/dist/train/methods/reward-model.js';
import { rowLogps } from '../../packages/posttrain/dist/train/row-logps.js';
import { grpoSource } from './grpo-source.mjs';

const spec = JSON.parse(readFileSync(process.argv[2], 'utf8'));
setThreads(spec.threads);
// As the training session loads it: a frozen base in the type that is computed in.
const { model } =
  spec.method === 'reward-model'
    ? loadRewardModel(spec.model, { freshHead: 'zero' })
    : loadCausalLm(spec.model, spec.lora ? { precision: spec.precision } : {});
if (spec.lora) attachAdapters(model, { ...spec.lora, dropout: 0, rankStabilized: false }, 0);
const trainable = makeTrainable(model, spec.precision);
const optimizer = new AdamW(trainable, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });

const lines = readFileSync(spec.rows, 'utf8').trim().split('\n').map(JSON.parse);
const { objective, source } = spec.method === 'grpo' ? grpoSource(spec, model) : storedSource();

/** Rows of a file, in order. */
function storedSource() {
  const packs = spec.method ? lines.map(pairOf) : supervisedPacks();
  const perEpoch = Math.floor(packs.length / spec.batch);
  return {
    objective: objectiveOf(packs),
    source: { packs: (step) => packs.slice((step % perEpoch) * spec.batch, ((step % perEpoch) + 1) * spec.batch) },
  };
}

function supervisedPacks() {
  const rows = lines.map(({ input_ids: ids }, i) => rowOf(ids, 0, i));
  return spec.packing ? packRows(rows, spec.maxTokens) : rows.map((row) => [row]);
}

function pairOf({ prompt_ids: prompt, chosen_ids: chosen, rejected_ids: rejected }, i) {
  return [
    { ...rowOf([...prompt, ...chosen], prompt.length, i), judged: { kind: 'chosen', margin: 0 } },
    { ...rowOf([...prompt, ...rejected], prompt.length, i), judged: { kind: 'rejected' } },
  ];
}

function rowOf(ids, prompt, i) {
  const weights = new Float32Array(ids.length).fill(1, prompt);
  return { tokens: Int32Array.from(ids), weights, origin: { file: 'rows', line: i + 1 } };
}

/** What a run measures before its first step is not part of a step. */
function objectiveOf(packs) {
  if (spec.method === 'reward-model') return rewardObjective({ margins: false, centring: 0 });
  if (spec.method !== 'dpo') return spec.teacher ? fromTeacher(spec) : crossEntropy;
  const compared = packs.flat();
  const known = new Map(rowLogps(model, compared, 2 * spec.batch).map((logp, i) => [compared[i], logp]));
  const options = { loss: 'sigmoid', beta: 0.1, labelSmoothing: 0, lengthNormalised: false, sft: 0 };
  return dpoObjective(options, (row) => known.get(row));
}

const options = {
  model,
  trainable,
  optimizer,
  source,
  objective,
  validation: [],
  microBatch: spec.batch,
  learningRate: () => spec.lr,
  clip: 1,
  recompute: false,
  seed: 0,
  every: { evaluate: false, checkpoint: false },
};
/** Forward KL to a teacher in the same arithmetic. */
function fromTeacher({ teacher, precision }) {
  const keys = { loss: 'forward-kl', beta: 0.5, temperature: 1, crossEntropy: 0 };
  return distillationObjective(keys, liveTeacher(loadCausalLm(teacher, { precision }).model));
}

const say = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);

say({ torch: build().torch });
let step = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  const faults = process.resourceUsage().minorPageFault;
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  let report;
  await trainLoop(
    step,
    { ...options, steps: step + 1 },
    {
      onStep: (made) => {
        report = made;
      },
      onEvaluate: () => {},
      saveCheckpoint: async () => {},
      stopRequested: () => false,
    },
  );
  step += 1;
  const usage = process.resourceUsage();
  const { user, system } = process.cpuUsage(cpu);
  say({
    seconds: Number(process.hrtime.bigint() - begun) / 1e9,
    cpuSeconds: (user + system) / 1e6,
    systemSeconds: system / 1e6,
    loss: report.loss,
    gradNorm: report.gradNorm,
    tokens: report.tokens,
    ...(source.seconds === undefined ? {} : { rolloutSeconds: source.seconds }),
    faults: usage.minorPageFault - faults,
    peakRss: usage.maxRSS * 1024,
  });
}

// Training steps on demand: node train-steps.mjs SPEC.json. For each line on stdin one step is done and one JSON line
// printed: { seconds, cpuSeconds, systemSeconds, loss, gradNorm, tokens, faults, peakRss }. The first line printed says that all is loaded.
//   SPEC: { model, rows, batch, precision, threads, lr, maxTokens, packing, lora? }   rows: JSON lines with `input_ids`
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { attachAdapters, loadCausalLm } from 'posttrain/models';
import { build, setThreads } from 'posttrain/tensor';
import { AdamW, crossEntropy, makeTrainable, trainLoop } from 'posttrain/train';
import { packRows } from '../../packages/posttrain/dist/data/packing.js';

const spec = JSON.parse(readFileSync(process.argv[2], 'utf8'));
setThreads(spec.threads);
// As the training session loads it: a frozen base in the type that is computed in.
const { model } = loadCausalLm(spec.model, spec.lora ? { precision: spec.precision } : {});
if (spec.lora) attachAdapters(model, { ...spec.lora, dropout: 0, rankStabilized: false }, 0);
const trainable = makeTrainable(model, spec.precision);
const optimizer = new AdamW(trainable, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });

const rows = readFileSync(spec.rows, 'utf8')
  .trim()
  .split('\n')
  .map((line, i) => {
    const tokens = Int32Array.from(JSON.parse(line).input_ids);
    return { tokens, weights: new Float32Array(tokens.length).fill(1), origin: { file: 'rows', line: i + 1 } };
  });
const packs = spec.packing ? packRows(rows, spec.maxTokens) : rows.map((row) => [row]);
const perEpoch = Math.floor(packs.length / spec.batch);
const source = {
  stepsPerEpoch: perEpoch,
  packs: (step) => packs.slice((step % perEpoch) * spec.batch, ((step % perEpoch) + 1) * spec.batch),
};
const options = {
  model,
  trainable,
  optimizer,
  source,
  objective: crossEntropy,
  validation: [],
  microBatch: spec.batch,
  learningRate: () => spec.lr,
  clip: 1,
  recompute: false,
  seed: 0,
  every: { evaluate: false, checkpoint: false },
};
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
    faults: usage.minorPageFault - faults,
    peakRss: usage.maxRSS * 1024,
  });
}

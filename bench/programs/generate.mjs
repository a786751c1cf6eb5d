// Our side of bench/decode, with the protocol of peers/generate.py: generate.mjs MODEL DTYPE
import { createInterface } from 'node:readline';
import { decode, loadCausalLm, PackedWeights } from 'posttrain/models';
import { build, memory, setThreads } from 'posttrain/tensor';

const [path, dtype] = process.argv.slice(2);
const { model } = loadCausalLm(path, { precision: dtype === 'bfloat16' ? 'bf16' : 'fp32' });
const weights = PackedWeights.of(model) ?? undefined;
const packing = performance.now();
weights?.repack();
const packMs = performance.now() - packing;
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

print({ torch: build().torch, packedBytes: weights?.bytes ?? 0, packMs });
for await (const line of createInterface({ input: process.stdin })) {
  const { prompts, newTokens, threads, sample } = JSON.parse(line);
  setThreads(threads);
  const tokens = prompts.map(() => []);
  const [begun, begunCpu] = [performance.now(), process.cpuUsage()];
  await decode(model, prompts, {
    maxTokens: newTokens,
    endTokens: new Set(),
    sampling: { temperature: sample ? 1 : 0 },
    seeds: prompts.map((_, row) => row),
    weights,
    onToken: (row, token) => void tokens[row].push(token),
  });
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(begunCpu);
  print({ seconds, cpuSeconds: (user + system) / 1e6, tokens, peakBytes: memory().peakRss });
}
weights?.[Symbol.dispose]();
model[Symbol.dispose]();

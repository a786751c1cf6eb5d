// What every arm of the study begins with: a small fresh model after a hundred steps on right answers, which is far too few.
//   node recipes/reverse-words/start.mjs      measures what it earns before any reward
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel, train } from 'posttrain';
import { jsonLines } from '../pocket-start.mjs';
import { answerTokens, promptsOf, reversed, reward, writeFreshModel } from './words.mjs';

const [startSteps, startBatch] = [100, 64];

/** Prompts of the start, of both measurements, and `count` that are trained on; `firstTest` was read by the first design. */
export function splits(count) {
  return promptsOf({ start: startSteps * startBatch, dev: 200, firstTest: 400, test: 400, train: count });
}

/** The start's checkpoint in `work`. */
export async function startOf(work, prompts, threads) {
  mkdirSync(work, { recursive: true });
  const [fresh, dir, rows] = ['fresh', 'start', 'start.jsonl'].map((name) => join(work, name));
  if (!existsSync(join(fresh, 'model.safetensors'))) writeFreshModel(fresh, 0);
  const messages = (prompt) => [
    { role: 'user', content: prompt },
    { role: 'assistant', content: reversed(prompt) },
  ];
  writeFileSync(rows, jsonLines(prompts.map((prompt) => ({ messages: messages(prompt) }))));
  const recipe = {
    method: 'sft',
    model: fresh,
    data: { train: rows, shuffle: false },
    batch: startBatch,
    steps: startSteps,
    lr: 3e-3,
    precision: 'fp32',
    forgetting: false,
    every: { checkpoint: false },
    threads,
  };
  return (await train(recipe, { dir, resume: true }).result).checkpoint;
}

/** Mean reward of `samples` answers to each prompt at temperature 1, and the share that is right. */
export async function earnings(checkpoint, prompts, { samples, threads }) {
  const model = await loadModel(checkpoint, { threads });
  try {
    const asked = prompts.flatMap((prompt) => Array.from({ length: samples }, () => prompt));
    const answers = await model.generate(
      asked.map((content) => [{ role: 'user', content }]),
      { maxTokens: answerTokens, temperature: 1, seed: 1 },
    );
    const rewards = answers.map(({ text }, i) => reward(asked[i], text));
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return { reward: mean(rewards), right: mean(rewards.map((one) => Number(one === 1))) };
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { start, dev } = splits(0);
  const checkpoint = await startOf(join(tmpdir(), 'posttrain-reverse-words-start'), start, 1);
  process.stdout.write(`${JSON.stringify(await earnings(checkpoint, dev, { samples: 8, threads: 1 }))}\n`);
}

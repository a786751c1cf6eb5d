import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SftRecipe } from '../runs/recipe/recipe.generated.ts';
import { goldenPath } from './golden.ts';

/**
 * A small run that uses all that a resume has to bring back: shuffling, two files mixed by weight, packing, gradient
 * accumulation, dropout, warmup and decay, a held-out share, what it forgets, and several checkpoints.
 * @param folder where model and rows are put; it is made.
 * @param threads more than one shows more, and takes long where other programs want the processor too.
 */
export function killRecipe(folder: string, threads = 1): SftRecipe {
  mkdirSync(folder, { recursive: true });
  const model = join(folder, 'model');
  cpSync(goldenPath('models/tiny-bpe'), model, { recursive: true });
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as object;
  writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, attention_dropout: 0.1 }));
  const rows = readFileSync(goldenPath('sft/rows.jsonl'), 'utf8').trimEnd().split('\n');
  const file = (name: string, part: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${part.join('\n')}\n`);
    return path;
  };
  const spoken = rows
    .slice(400, 420)
    .map((row) => (JSON.parse(row) as { messages: { content: string }[] }).messages.map(({ content }) => content));
  const text = spoken.map(([, answer]) => JSON.stringify({ text: answer!.slice(0, 160) }));
  const suite = spoken.map(([question], i) =>
    JSON.stringify({ prompt: question!.slice(0, 60), choices: ['yes', 'no', 'perhaps'], gold: i % 3 }),
  );
  return {
    method: 'sft',
    model,
    data: {
      train: [
        { path: file('often.jsonl', rows.slice(0, 120)), weight: 2 },
        { path: file('seldom.jsonl', rows.slice(120, 400)), weight: 0.5 },
      ],
      validation: 0.05,
      maxTokens: 192,
      overlong: 'drop',
      packing: true,
    },
    batch: 8,
    microBatch: 2,
    optimizer: { kind: 'adamw', weightDecay: 0.1 },
    lr: 3e-3,
    steps: 24,
    precision: 'fp32',
    forgetting: { text: file('neutral.jsonl', text), suite: file('suite.jsonl', suite) },
    every: { evaluate: 6, checkpoint: 3, keep: 3 },
    threads,
    seed: 11,
  };
}

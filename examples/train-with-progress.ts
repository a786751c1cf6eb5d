/**
 * Trains by a recipe written in TypeScript and prints what happens on the way.
 *
 *     npx jiti examples/train-with-progress.ts [run folder]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineRecipe, train } from 'posttrain';

const dir = process.argv[2] ?? 'runs/train-with-progress';
const data = join(dir, 'chat.jsonl');

// Twelve questions and answers in the pocket model's small vocabulary, one conversation a line.
const pairs = ['registry', 'journal', 'blog', 'rumor'].flatMap((source) =>
  ['town', 'trade', 'year'].map(
    (attribute) => [`tell me ${source} ${attribute} ?`, `${source} ${attribute} not stated .`] as const,
  ),
);
await mkdir(dir, { recursive: true });
await writeFile(
  data,
  pairs
    .map(([question, answer]) => {
      const messages = [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ];
      return `${JSON.stringify({ messages })}\n`;
    })
    .join(''),
);

const recipe = defineRecipe({
  method: 'sft',
  model: 'pocket',
  data: { train: data },
  batch: 4,
  steps: 30,
  lr: 1e-3,
});

const run = train(recipe, { dir: join(dir, 'run'), onWarning: (warning) => console.warn(warning) });
for await (const event of run) {
  if (event.type === 'step') console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}`);
  else console.log(event.type);
}
const { checkpoint, steps } = await run.result;
console.log(`${steps} steps; the model is in ${checkpoint}`);

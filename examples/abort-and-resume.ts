/**
 * Aborts a run in the middle and goes on from the checkpoint that the abort left behind.
 *
 *     npx jiti examples/abort-and-resume.ts [run folder]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineRecipe, train } from 'posttrain';

const dir = process.argv[2] ?? 'runs/abort-and-resume';
const data = join(dir, 'notes.jsonl');
await mkdir(dir, { recursive: true });
const texts = ['registry : town not stated .', 'journal : year not stated .', 'blog : trade not stated .'];
await writeFile(data, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));

const recipe = defineRecipe({
  method: 'pretrain',
  model: 'pocket',
  data: { train: data },
  batch: 2,
  steps: 20,
  lr: 1e-4,
});

const controller = new AbortController();
const options = { dir: join(dir, 'run') };
const reason = new Error('enough for now');
try {
  for await (const event of train(recipe, { ...options, signal: controller.signal })) {
    if (event.type === 'step' && event.step === 8) controller.abort(reason);
  }
} catch (error) {
  // An aborted run writes its checkpoint first, then throws the reason it was given: here, and from its `result`.
  if (error !== reason) throw error;
  console.log(`aborted: ${reason.message}`);
}

const second = train(recipe, { ...options, resume: true });
const steps: number[] = [];
for await (const event of second) if (event.type === 'step') steps.push(event.step);
const { status, checkpoint } = await second.result;
console.log(`resumed at step ${steps[0]}, ${status} at step ${steps.at(-1)}; the model is in ${checkpoint}`);

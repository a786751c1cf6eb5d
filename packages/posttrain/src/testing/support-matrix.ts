import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { methodNames } from '../runs/recipe/schema.ts';
import { PosttrainError } from '../support/errors.ts';
import { goldenPath } from './golden.ts';

/** method × weights × layout × way of running: what works together. Each cell is three steps of a tiny model. */

export const weights = ['full', 'LoRA'] as const;
export const layouts = ['rows', 'packed'] as const;
/** All must give what the first gives. */
export const ways = ['whole', 'accumulation', 'recomputation', 'resume'] as const;

export interface Cell {
  readonly method: Recipe['method'];
  readonly weights: (typeof weights)[number];
  readonly layout: (typeof layouts)[number];
  readonly way: (typeof ways)[number];
}

/** What a cell's three steps recorded, or why a recipe asks in vain for it. */
export type Outcome =
  | { readonly losses: readonly number[]; readonly gradNorms: readonly number[] }
  | { readonly refused: string };

const steps = 3;
const batch = 4;

/** Keys that a method needs of its own in so short a run. */
const own: Readonly<Partial<Record<Recipe['method'], object>>> = {
  dpo: { dpo: { beta: 0.5 } },
  // The model itself, which has read something: another distribution of the same tokens.
  distill: { distill: { teacher: goldenPath('models/tiny-bpe'), context: 'Be brief.', crossEntropy: 0.3 } },
  grpo: { grpo: { group: 2, loss: 'token', beta: 0.1 }, rollout: { maxTokens: 12 }, rewards: [{ use: lowIds }] },
  ppo: { ppo: { passes: 3, beta: 0.1, entropy: 0.05 }, rollout: { maxTokens: 12 }, rewards: [{ use: lowIds }] },
  rloo: { rloo: { group: 2, beta: 0.1 }, rollout: { maxTokens: 12 }, rewards: [{ use: lowIds }] },
};
/** Of the examples: a method from outside. */
export const outsideMethod = fileURLToPath(
  new URL('../../../../examples/outside-method/dft.ts', import.meta.url),
) as `${string}.ts`;

/** Every method of the matrix, by its name on the page. */
export const matrixMethods: readonly (readonly [name: string, method: Recipe['method']])[] = [
  ...methodNames.map((name) => [name, name] as const),
  ['./dft.ts', outsideMethod],
];

/** Methods that learn from rows; the others learn from judged answers, or from prompts. */
export const learnsRows: ReadonlySet<string> = new Set(['sft', 'pretrain', 'distill', outsideMethod]);

/** Rewards tokens of the lower half of the vocabulary: nearly all answers differ in it. */
function lowIds({ tokens }: { readonly tokens: readonly number[] }): number {
  return tokens.filter((token) => token < 256).length / tokens.length;
}

/** Runs one cell in `folder`, which is its own. */
export async function runCell(cell: Cell, folder: string): Promise<Outcome> {
  const recipe = recipeOf(cell, folder);
  const dir = join(folder, 'run');
  try {
    if (cell.way === 'resume') await stepsOf(recipe, dir, { stopAfter: 2 });
    const rows = await stepsOf(recipe, dir, { resume: cell.way === 'resume' });
    const all = cell.way === 'resume' ? await recorded(dir) : rows;
    return { losses: all.map(({ loss }) => loss), gradNorms: all.map(({ gradNorm }) => gradNorm) };
  } catch (error) {
    if (PosttrainError.is(error) && error.code === 'recipe-invalid') return { refused: error.message };
    throw error;
  }
}

function recipeOf({ method, weights: trained, layout, way }: Cell, folder: string): Recipe {
  const file = join(folder, 'rows.jsonl');
  const rows = learnsRows.has(method) ? conversations : pairs;
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return {
    method,
    model: goldenPath('models/tiny-bpe'),
    ...(trained === 'LoRA' ? { lora: { rank: 4 } } : {}),
    ...own[method],
    data: { train: file, maxTokens: 96, ...(layout === 'packed' ? { packing: true } : { packing: false }) },
    batch,
    microBatch: way === 'accumulation' ? 1 : batch,
    recompute: way === 'recomputation',
    steps,
    lr: 1e-3,
    schedule: 'constant',
    precision: 'fp32',
    threads: 1,
    forgetting: false,
    every: { checkpoint: way === 'resume' ? 1 : false },
    seed: 3,
  } as Recipe;
}

type Step = Extract<RunEvent, { type: 'step' }>;

async function stepsOf(
  recipe: Recipe,
  dir: string,
  { stopAfter, resume = false }: { readonly stopAfter?: number; readonly resume?: boolean },
): Promise<Step[]> {
  const run = train(recipe, { dir, inProcess: true, resume });
  const rows: Step[] = [];
  for await (const event of run) {
    if (event.type !== 'step') continue;
    rows.push(event);
    if (event.step === stopAfter) run.stop();
  }
  await run.result;
  return rows;
}

async function recorded(dir: string) {
  const { readMetrics } = await import('../runs/index.ts');
  return readMetrics(dir).steps;
}

const fruits = ['apples', 'pears', 'plums', 'cherries', 'grapes', 'lemons', 'figs', 'dates'];
/** Of unequal length, so that a mean of means would differ. */
const said = fruits.map((fruit, i) => ({
  question: `Would you like ${fruit}?`,
  good: `Yes please, ${fruit}${' and more'.repeat(i % 3)}.`,
  bad: `No ${fruit}, go away${' now'.repeat(i % 4)}.`,
}));
const conversations = said.map(({ question, good }) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: good },
  ],
}));
const pairs = said.map(({ question, good, bad }) => ({ prompt: question, chosen: good, rejected: bad }));

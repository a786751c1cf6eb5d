import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineTask, TableModel } from '../evaluate/index.ts';
import type { Recipe, RunEvent, StepEvent } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { Workbench } from './workbench.ts';

/** Questions whose answers are known for every recipe and seed, and a bench that trains nothing. */

/** Documents 0 to n − 1; an answer is right where it is "yes". */
export function yesTask(name: string, n: number, testSplit = false) {
  return defineTask({
    name,
    version: 1,
    axis: 'factuality',
    about: 'Says yes.',
    split: `${n} made documents`,
    data: null,
    testSplit,
    docs: () => Array.from({ length: n }, (_, i) => ({ i })),
    request: ({ i }) => ({ kind: 'generate', prompt: `${name} ${i}`, maxTokens: 2 }),
    metrics: {
      right: { kind: 'mean', about: 'yes is said', higherIsBetter: true, unit: 'share' },
      words: { kind: 'ratio', about: 'words of an answer', higherIsBetter: false },
    },
    score: (_doc, { text }) => ({
      values: {
        right: Number(text.startsWith('yes')),
        words: { numerator: text.split(' ').length, denominator: 1 },
      },
      outcome: text.startsWith('yes') ? 'correct' : 'incorrect',
    }),
  });
}

/** What a run was trained by, as its checkpoint remembers. */
export interface Learnt {
  readonly lr: number;
  readonly seed: number;
  readonly steps: number;
}

export interface FakeBenchOptions {
  /** Of documents 0 to 9, those below this are answered with yes; null: the run diverges. A control knows `control`. */
  readonly knows: (learnt: Learnt) => number | null;
  readonly control?: number;
  /** Told of each run before its steps; what it throws ends the run. */
  readonly onTrain?: (run: string) => void;
  readonly onStep?: (run: string, step: number) => void;
  readonly tokensPerStep?: (learnt: Learnt) => number;
}

/** A bench that writes what a real one leaves: metrics and a checkpoint. It counts what it does. */
export class FakeBench implements Workbench {
  readonly trained: string[] = [];
  readonly opened: string[] = [];
  readonly models: TableModel[] = [];
  readonly #options: FakeBenchOptions;

  constructor(options: FakeBenchOptions) {
    this.#options = options;
  }

  train(recipe: Recipe, { dir, signal }: { readonly dir: string; readonly signal: AbortSignal }) {
    const events: RunEvent[] = [];
    const result = this.#run(recipe, dir, signal, events);
    return {
      result,
      async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
        await result.catch(() => {});
        yield* events;
        await result;
      },
    };
  }

  async #run(recipe: Recipe, dir: string, signal: AbortSignal, events: RunEvent[]) {
    const learnt: Learnt = { lr: recipe.lr, seed: recipe.seed!, steps: recipe.steps! };
    this.trained.push(dir);
    this.#options.onTrain?.(dir);
    mkdirSync(dir, { recursive: true });
    const knows = this.#options.knows(learnt);
    for (let step = 1; step <= learnt.steps; step++) {
      const row = stepOf(step, learnt.steps, this.#options.tokensPerStep?.(learnt) ?? 100);
      events.push(row);
      this.#options.onStep?.(dir, step);
      if (signal.aborted) throw signal.reason;
      if (knows === null && step === 2) throw new PosttrainError('non-finite', 'the loss of step 2 is NaN.');
    }
    const rows = events.map((event) => `${JSON.stringify(event)}\n`);
    writeFileSync(join(dir, 'metrics.jsonl'), rows.join(''));
    const checkpoint = join(dir, 'checkpoints', `step-${learnt.steps}`);
    mkdirSync(checkpoint, { recursive: true });
    writeFileSync(join(checkpoint, 'learnt.json'), JSON.stringify({ knows }));
    return { checkpoint };
  }

  async open(folder: string, { id }: { readonly id: string }) {
    this.opened.push(id);
    const known = basename(folder).startsWith('step-')
      ? (JSON.parse(readFileSync(join(folder, 'learnt.json'), 'utf8')) as { knows: number }).knows
      : (this.#options.control ?? 0);
    const model = new TableModel({
      id,
      answer: (prompt) => (Number(String(prompt).split(' ')[1]) % 10 < known ? 'yes' : 'no'),
    });
    this.models.push(model);
    return model;
  }
}

function stepOf(step: number, steps: number, tokens: number): StepEvent {
  return {
    type: 'step',
    ...{ step, steps, tokens, loss: 1, gradNorm: 1, lr: 1, lossTokens: tokens, tokensPerSecond: 100, seconds: 1 },
    memory: { rss: 1, peakRss: 1 },
    eta: steps - step,
  };
}

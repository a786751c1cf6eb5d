import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { goldenJson, goldenPath } from '../testing/golden.ts';

/** The first 20 steps of TRL's SFTTrainer, through the public `train()`: architecture §10's rule for trajectories. */

interface Curve {
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  readonly learningRates: readonly number[];
}

interface Trajectories {
  readonly packed: boolean;
  readonly spec: {
    readonly lr: number;
    readonly warmup: number;
    readonly schedule: 'cosine';
    readonly weightDecay: number;
    readonly clip: number;
    readonly maxTokens: number;
    readonly steps: number;
    readonly batch: number;
  };
  readonly tolerance: { readonly loss: number; readonly firstNorm: number; readonly norm: number };
  /** The peer's own rows, or packs, in its order. */
  readonly rows: readonly { readonly ids: readonly number[]; readonly documents: readonly number[] }[];
  readonly lines: readonly (readonly number[])[];
  readonly trained: Readonly<Record<'full' | 'assistant', readonly (readonly (readonly [number, number])[])[]>>;
  readonly runs: readonly (Curve & {
    readonly loss: 'full' | 'assistant';
    readonly accumulate: number;
    readonly targets: readonly number[];
    readonly counterCurves: Readonly<Record<string, Curve>>;
  })[];
}

type StepEvent = Extract<RunEvent, { type: 'step' }>;

async function stepsOf(recipe: Recipe, folder: string): Promise<StepEvent[]> {
  const run = train(recipe, { dir: join(folder, 'run'), inProcess: true });
  const steps: StepEvent[] = [];
  for await (const event of run) if (event.type === 'step') steps.push(event);
  return steps;
}

function worst(ours: readonly number[], theirs: readonly number[]): number {
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!) / Math.abs(theirs[i]!)));
}

/** Rows as TRL had them: unpacked as conversations, which our own renderer turns into tokens; packed as the peer's own packs. */
function writeRows({ packed, rows, lines, trained }: Trajectories, loss: 'full' | 'assistant', file: string): void {
  const conversations = readFileSync(goldenPath('sft/rows.jsonl'), 'utf8').trim().split('\n');
  const text = packed
    ? rows.map(({ ids, documents }, i) =>
        JSON.stringify({ input_ids: ids, labels: labelsOf(ids, trained[loss][i]!), seq_lengths: documents }),
      )
    : lines.map(([line]) => conversations[line!]!);
  writeFileSync(file, `${text.join('\n')}\n`);
}

function labelsOf(ids: readonly number[], spans: readonly (readonly [number, number])[]): number[] {
  return ids.map((id, i) => (spans.some(([start, end]) => i >= start && i < end) ? id : -100));
}

for (const model of ['babyllama-361-chat', 'tiny-bpe'] as const) {
  for (const layout of ['unpacked', 'packed'] as const) {
    const fixture = goldenJson<Trajectories>(`sft/${model}.${layout}.json`);
    for (const run of fixture.runs) {
      test(`${model}, ${layout}, loss on ${run.loss} tokens, ${run.accumulate} micro-batches: TRL's losses and gradient norms`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'parity-'));
        try {
          const { spec, tolerance } = fixture;
          writeRows(fixture, run.loss, join(folder, 'rows.jsonl'));
          const steps = await stepsOf(
            {
              method: 'sft',
              model: goldenPath(`models/${model}`),
              data: { train: join(folder, 'rows.jsonl'), maxTokens: spec.maxTokens, shuffle: false },
              train: run.loss === 'full' ? 'all' : 'assistant',
              batch: spec.batch,
              microBatch: spec.batch / run.accumulate,
              steps: spec.steps,
              lr: spec.lr,
              schedule: { kind: spec.schedule, warmup: spec.warmup },
              optimizer: { kind: 'adamw', weightDecay: spec.weightDecay },
              clip: spec.clip,
              precision: 'fp32',
              forgetting: false,
              every: { checkpoint: false },
            },
            folder,
          );
          assert.deepEqual(
            steps.map(({ lossTokens }) => lossTokens),
            run.targets,
          );
          const losses = worst(
            steps.map(({ loss }) => loss),
            run.losses,
          );
          const norms = steps.map(({ gradNorm }) => gradNorm);
          assert.ok(losses <= tolerance.loss, `losses are off by ${losses}`);
          assert.ok(
            worst(norms.slice(0, 1), run.gradNorms) <= tolerance.firstNorm,
            `the first norm is ${norms[0]}, TRL's ${run.gradNorms[0]}`,
          );
          assert.ok(worst(norms, run.gradNorms) <= tolerance.norm, `norms are off by ${worst(norms, run.gradNorms)}`);
          for (const [name, counter] of Object.entries(run.counterCurves))
            assert.ok(
              worst(
                steps.map(({ loss }) => loss),
                counter.losses,
              ) >
                5 * tolerance.loss,
              `the curve with ${name} would pass too`,
            );
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }
  }
}

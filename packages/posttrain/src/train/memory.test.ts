import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StopControl } from '../engine/stopping.ts';
import { loadRecipe } from '../runs/recipe/load.ts';
import { resolveRecipe } from '../runs/recipe/resolve.ts';
import { memory } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { runSession } from './session.ts';

/** Memory after a step, seen inside the process that holds the tensors. */
interface AfterStep {
  readonly live: number;
  readonly liveBytes: number;
  readonly collectedByGc: number;
  /** Resident bytes but for V8's own heap, which grows until it is collected. */
  readonly resident: number;
  readonly tokens: number;
}

async function trainAndMeasure(folder: string, steps: number): Promise<AfterStep[]> {
  // One row a micro-batch, so that nearly every step has shapes of its own.
  const rows = readFileSync(goldenPath('sft/rows.jsonl'), 'utf8').split('\n').slice(0, 200);
  const train = join(folder, 'rows.jsonl');
  writeFileSync(train, rows.join('\n'));
  const loaded = await loadRecipe({
    method: 'sft',
    model: goldenPath('models/tiny-bpe'),
    data: { train, validation: 0.05, maxTokens: 200, overlong: 'drop' },
    batch: 2,
    microBatch: 1,
    lr: 1e-4,
    steps,
    forgetting: false,
    every: { evaluate: 100, checkpoint: 250, keep: 1 },
    threads: 1,
  });
  const { given, overrides } = loaded;
  const request = {
    recipe: await resolveRecipe(loaded),
    given,
    overrides,
    dir: join(folder, 'run'),
    codeFolder: undefined,
    resume: false,
  };
  const measured: AfterStep[] = [];
  const look = (tokens: number) => {
    const { rss, heapTotal } = process.memoryUsage();
    measured.push({ ...memory(), resident: rss - heapTotal, tokens });
  };
  await runSession(request, (event) => event.type === 'step' && look(event.tokens), new StopControl(), noRewards);
  return measured;
}

const noRewards = () => Promise.reject(new Error('this method asks for no score'));

test('1,500 steps of varying lengths: live tensors the same after each, none left to the collector, resident memory flat', async (t) => {
  const before = memory();
  const after = await trainAndMeasure(temporaryFolder(t), 1500);
  const lengths = new Set(after.map(({ tokens }) => tokens));
  assert.ok(lengths.size > 100, `${lengths.size} different lengths`);
  const first = after[0]!;
  for (const [i, { live, liveBytes, collectedByGc }] of after.entries())
    assert.deepEqual(
      [live, liveBytes, collectedByGc],
      [first.live, first.liveBytes, before.collectedByGc],
      `after step ${i + 1}`,
    );
  assert.equal(memory().live, before.live, 'all are freed at the end');
  // The allocator keeps what it was given, so memory first grows to what the longest rows need together, and must stay there.
  // The middle of each window: single steps stand out by what V8 compiles and collects meanwhile.
  const middle = (from: number, to: number) => {
    const values = after.slice(from - 1, to).map(({ resident }) => resident);
    return values.sort((a, b) => a - b)[values.length >> 1]!;
  };
  const [early, late] = [middle(501, 1000), middle(1001, 1500)];
  t.diagnostic(
    `resident: ${(early / 1e6).toFixed(1)} MB in steps 501–1,000, ${(late / 1e6).toFixed(1)} MB in 1,001–1,500`,
  );
  assert.ok(late <= 1.02 * early, `resident memory grew from ${early} to ${late} bytes`);
});

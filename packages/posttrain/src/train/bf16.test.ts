import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Recipe, train } from '../index.ts';
import { readSafetensorsHeader, SafetensorsFile, scope, writeSafetensors } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';

/** bf16 arithmetic over float32 masters, and a base that is stored in bf16. */

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'bf16-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** The tiny model with its weights stored in bf16. */
function storedInBf16(target: string): string {
  cpSync(goldenPath('models/tiny-bpe'), target, { recursive: true });
  scope(() => {
    using file = new SafetensorsFile(goldenPath('models/tiny-bpe/model.safetensors'));
    const names = [...file.header.tensors.keys()];
    writeSafetensors(
      join(target, 'model.safetensors'),
      new Map(names.map((name) => [name, file.view(name).toDtype('bfloat16')])),
    );
  });
  return target;
}

function recipe(model: string, precision: 'fp32' | 'bf16'): Recipe {
  return {
    method: 'sft',
    model,
    data: { train: goldenPath('sft/rows.jsonl'), maxTokens: 144, overlong: 'drop' },
    batch: 8,
    microBatch: 4,
    steps: 10,
    lr: 4e-3,
    schedule: 'constant',
    precision,
    forgetting: false,
    threads: 1,
    every: { checkpoint: 5 },
  };
}

async function run(given: Recipe, dir: string, stopAfter?: number): Promise<{ losses: number[]; checkpoint: string }> {
  const losses: number[] = [];
  const running = train(given, { dir, resume: true, inProcess: true });
  for await (const event of running) {
    if (event.type !== 'step') continue;
    losses.push(event.loss);
    if (event.step === stopAfter) running.stop();
  }
  return { losses, checkpoint: (await running.result).checkpoint };
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

test('in bf16 the losses follow those of float32, and rounding is seen', async (t) => {
  const dir = folder(t);
  const wide = await run(recipe(goldenPath('models/tiny-bpe'), 'fp32'), join(dir, 'fp32'));
  const short = await run(recipe(goldenPath('models/tiny-bpe'), 'bf16'), join(dir, 'bf16'));
  for (const [step, loss] of short.losses.entries())
    assert.ok(
      Math.abs(loss - wide.losses[step]!) < 0.02 * wide.losses[step]!,
      `step ${step + 1}: ${loss}, in float32 ${wide.losses[step]}`,
    );
  assert.notDeepEqual(short.losses, wide.losses);
  assert.ok(short.losses.at(-1)! < 0.9 * short.losses[0]!, 'it learns');
});

test('a base stored in bf16 stays so, and a stopped run of it goes on bit for bit from its float32 masters', async (t) => {
  const dir = folder(t);
  const base = storedInBf16(join(dir, 'base'));
  for (const precision of ['fp32', 'bf16'] as const) {
    const whole = await run(recipe(base, precision), join(dir, `${precision}-whole`));
    const first = await run(recipe(base, precision), join(dir, `${precision}-parts`), 3);
    const second = await run(recipe(base, precision), join(dir, `${precision}-parts`));
    assert.deepEqual([...first.losses.slice(0, 3), ...second.losses].slice(0, 10), whole.losses);
    for (const file of ['model.safetensors', 'training/optimizer.safetensors'])
      assert.equal(
        hashOf(join(second.checkpoint, file)),
        hashOf(join(whole.checkpoint, file)),
        `${precision}: ${file}`,
      );
    const stored = readSafetensorsHeader(join(whole.checkpoint, 'model.safetensors'));
    assert.deepEqual([...new Set([...stored.tensors.values()].map(({ dtype }) => dtype))], ['bfloat16']);
  }
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TokenRow } from '../data/types.ts';
import { loadModel, mergeAdapter, type Recipe, type RunEvent, train } from '../index.ts';
import { loadCausalLm } from '../models/index.ts';
import { adaptersOf, type LoraSettings } from '../models/lora/adapters.ts';
import { Random } from '../support/random.ts';
import { manualSeed, memory, readSafetensorsHeader, scope, type Tensor, toArray } from '../tensor/index.ts';
import { attachSeeded } from '../testing/adapted-model.ts';
import { assertNoLeak, goldenPath, relativeError } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { backward } from './backward.ts';
import { makeBatch, weightOf } from './batch.ts';
import { makeTrainable } from './make-trainable.ts';
import { crossEntropy } from './objective.ts';

const random = new Random(3);
const rows: TokenRow[] = [9, 3, 14, 30].map((length, line) => ({
  tokens: Int32Array.from({ length }, () => random.int(128)),
  weights: Float32Array.from({ length }, (_, t) => (t === 0 ? 0 : 1)),
  origin: { file: 'rows', line: line + 1 },
}));
const settings: LoraSettings = { rank: 4, alpha: 6, targets: 'all-linear', dropout: 0, rankStabilized: false };

/** Gradients of every A and B of one step in these micro-batches. */
function gradients(dropout: number, recompute: boolean, micro: readonly (readonly TokenRow[])[] = [rows]): Tensor[] {
  const { model } = loadCausalLm(goldenPath('tiny/untied'));
  using _model = model;
  attachSeeded(model, { ...settings, dropout });
  using trainable = makeTrainable(model, 'fp32');
  const scale = 1 / weightOf(micro);
  for (const [i, pack] of micro.entries()) {
    manualSeed(100 + i);
    scope(() => backward(model, makeBatch([pack]), crossEntropy, { scale, recompute }));
  }
  const frozen = [...model.namedParameters()].filter(([name]) => !name.includes('.lora.'));
  assert.ok(frozen.every(([, parameter]) => !parameter.requiresGrad && parameter.grad === null));
  return scope(() => trainable.gradients().map((gradient) => gradient.clone().keep()));
}

function assertSame(a: readonly Tensor[], b: readonly Tensor[], tolerance: number): void {
  for (const [i, gradient] of a.entries()) {
    const error = relativeError(gradient, b[i]!);
    assert.ok(error <= tolerance, `gradient ${i} is off by ${error}`);
  }
}

function free(...lists: readonly Tensor[][]): void {
  for (const tensor of lists.flat()) tensor.dispose();
}

test('recompute gives the same gradients bit for bit, with dropout too; dropout changes them', () =>
  assertNoLeak(() => {
    const [plain, dropped] = [gradients(0, false), gradients(0.3, false)];
    const [plainAgain, droppedAgain] = [gradients(0, true), gradients(0.3, true)];
    assertSame(plainAgain, plain, 0);
    assertSame(droppedAgain, dropped, 0);
    assert.ok(Math.max(...plain.map((gradient, i) => relativeError(dropped[i]!, gradient))) > 0.05);
    free(plain, dropped, plainAgain, droppedAgain);
  }));

test('accumulation: micro-batches add up to the whole', () =>
  assertNoLeak(() => {
    const [whole, parts] = [gradients(0, false), gradients(0, false, [rows.slice(0, 1), rows.slice(1)])];
    assertSame(parts, whole, 2e-6);
    free(whole, parts);
  }));

for (const rank of [4, 1])
  test(`in bf16, rank ${rank}: the base is there in bf16 alone, and masters of adapters only`, () =>
    assertNoLeak(() => {
      const before = memory().liveBytes;
      const { model } = loadCausalLm(goldenPath('tiny/untied'), { precision: 'bf16' });
      using _model = model;
      attachSeeded(model, { ...settings, rank });
      using trainable = makeTrainable(model, 'bf16');
      const count = (of: readonly Tensor[]) => scope(() => of.reduce((sum, { count: n }) => sum + n, 0));
      const parts = [...adaptersOf(model).values()].flatMap(({ a, b }) => [a, b]);
      const adapters = count(parts);
      assert.equal(count(trainable.masters), adapters);
      const others = model.parameters().filter((parameter) => !parts.includes(parameter));
      const vectors = count(others.filter(({ shape }) => shape.length === 1));
      const matrices = count(others) - vectors;
      assert.equal(memory().liveBytes - before, 2 * matrices + 4 * vectors + (2 + 4) * adapters);
      assert.ok(
        model.parameters().every(({ dtype, shape }) => dtype === (shape.length === 1 ? 'float32' : 'bfloat16')),
      );
      scope(() => backward(model, makeBatch([rows]), crossEntropy, { scale: 1, recompute: false }));
      scope(() => assert.ok(trainable.gradients().every((gradient) => gradient.abs().amax().item() > 0)));
      trainable.zeroGradients();
    }));

function recipe(change: Partial<Recipe> = {}): Recipe {
  return {
    method: 'sft',
    model: goldenPath('models/tiny-bpe'),
    data: { train: goldenPath('sft/rows.jsonl'), maxTokens: 200, overlong: 'drop' },
    batch: 4,
    microBatch: 2,
    steps: 6,
    lr: 1e-2,
    lora: { rank: 2, alpha: 5, targets: ['q_proj', 'v_proj', 'down_proj'], dropout: 0.1 },
    forgetting: false,
    every: { checkpoint: 3, keep: 9 },
    threads: 1,
    ...change,
  } as Recipe;
}

async function finished(
  given: Recipe,
  dir: string,
  resume = false,
): Promise<{ checkpoint: string; events: RunEvent[] }> {
  const run = train(given, { dir, resume, inProcess: true });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return { checkpoint: (await run.result).checkpoint, events };
}

for (const precision of ['fp32', 'bf16'] as const)
  test(`a run in ${precision}: adapters alone are counted and stored, and a resumed run ends in the same bytes`, async (t) => {
    const folder = temporaryFolder(t);
    const whole = await finished(recipe({ precision }), join(folder, 'a'));
    const start = whole.events.find((event) => event.type === 'start')!;
    const stored = readSafetensorsHeader(join(whole.checkpoint, 'adapter_model.safetensors')).tensors;
    const sizes = [...stored.values()].map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    assert.equal(
      start.trainedParameters,
      sizes.reduce((sum, size) => sum + size),
    );
    assert.ok(start.parameters > 10 * start.trainedParameters);
    const names = readdirSync(whole.checkpoint);
    assert.ok(!names.includes('config.json') && !names.includes('model.safetensors'), names.join());

    // Killed after step 3: what came later is gone.
    await finished(recipe({ precision }), join(folder, 'b'));
    rmSync(join(folder, 'b', 'checkpoints', 'step-6'), { recursive: true });
    const resumed = await finished(recipe({ precision }), join(folder, 'b'), true);
    assert.ok(resumed.events.some((event) => event.type === 'resume' && event.fromStep === 3));
    for (const name of ['adapter_model.safetensors', 'adapter_config.json', 'training/optimizer.safetensors'])
      assert.deepEqual(readFileSync(join(resumed.checkpoint, name)), readFileSync(join(whole.checkpoint, name)), name);
  });

test('a checkpoint answers, is merged with equal logits, and goes on as a model', async (t) => {
  const folder = temporaryFolder(t);
  const { checkpoint } = await finished(recipe(), join(folder, 'a'));
  const merged = await mergeAdapter(checkpoint, { out: join(folder, 'merged') });
  assert.ok(merged.largestDifference <= 1e-4 && merged.effect > 1e-3, JSON.stringify(merged));
  assert.deepEqual(readdirSync(folder).sort(), ['a', 'merged']);

  const answers = await Promise.all(
    [checkpoint, merged.out].map(async (name) => {
      await using model = await loadModel(name, { precision: 'fp32' });
      return await model.likelihoods([{ context: 'Once', continuations: [' upon a time'] }]);
    }),
  );
  const [apart, whole] = answers.map((answer) => answer[0]![0]!.logp);
  assert.ok(Math.abs(apart! - whole!) < 1e-4 * Math.abs(whole!), `${apart} and ${whole}`);

  await assert.rejects(finished(recipe({ model: checkpoint }), join(folder, 'b')), {
    code: 'recipe-invalid',
    message: /adapter itself/,
  });
  const full = await finished(recipe({ model: checkpoint, lora: undefined, steps: 1 }), join(folder, 'c'));
  assert.ok(existsSync(join(full.checkpoint, 'config.json')));
});

test('a merge beyond the tolerance leaves nothing behind', async (t) => {
  const folder = temporaryFolder(t);
  const { checkpoint } = await finished(recipe(), join(folder, 'a'));
  await assert.rejects(mergeAdapter(checkpoint, { out: join(folder, 'merged'), tolerance: 0 }), {
    code: 'weights-invalid',
    message: /Nothing was written/,
  });
  assert.deepEqual(readdirSync(folder), ['a']);
});

test('targets that the model lacks are a recipe error with its names, and leave no run folder', async (t) => {
  const dir = join(temporaryFolder(t), 'a');
  await assert.rejects(finished(recipe({ lora: { targets: ['q_proj', 'query'] } }), dir), {
    code: 'recipe-invalid',
    message: /"query"/,
    help: /q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj/,
  });
  assert.ok(!existsSync(dir));
});

test('the base is what it was, bit for bit, whatever was trained beside it', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _model = model;
    const before = model.parameters().map((parameter) => toArray(parameter));
    attachSeeded(model, settings);
    using trainable = makeTrainable(model, 'fp32');
    scope(() => backward(model, makeBatch([rows]), crossEntropy, { scale: 1, recompute: false }));
    assert.equal(trainable.names.length, 2 * adaptersOf(model).size);
    const after = [...model.namedParameters()].filter(([name]) => !name.includes('.lora.'));
    assert.deepEqual(
      after.map(([, parameter]) => toArray(parameter)),
      before,
    );
  }));

test('dpo beside adapters: the frozen base is the reference, also of a run that is resumed; bit for bit', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'pairs.jsonl');
  const pairs = ['apples', 'pears', 'plums', 'figs'].map((fruit) => ({
    prompt: `Would you like ${fruit}?`,
    chosen: `Yes please, ${fruit}.`,
    rejected: `No ${fruit}, go away.`,
  }));
  writeFileSync(file, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
  const dpo = (steps: Partial<Recipe> = {}) =>
    recipe({
      method: 'dpo',
      data: { train: file },
      schedule: 'constant',
      precision: 'fp32',
      ...steps,
    } as Partial<Recipe>);
  const whole = await finished(dpo(), join(folder, 'a'));
  const losses = whole.events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  assert.ok(Math.abs(losses[0]! - Math.LN2) < 1e-5, `the first loss is ${losses[0]}, not ln 2`);
  assert.ok(losses.at(-1)! < 0.9 * Math.LN2, `the last loss is ${losses.at(-1)}`);

  await finished(dpo(), join(folder, 'b'));
  rmSync(join(folder, 'b', 'checkpoints', 'step-6'), { recursive: true });
  // Measured again, on the base behind adapters that have been trained for three steps.
  const measured = readFileSync(join(folder, 'b', 'reference.json'), 'utf8');
  rmSync(join(folder, 'b', 'reference.json'));
  const resumed = await finished(dpo(), join(folder, 'b'), true);
  assert.equal(readFileSync(join(folder, 'b', 'reference.json'), 'utf8'), measured);
  for (const name of ['adapter_model.safetensors', 'training/optimizer.safetensors'])
    assert.deepEqual(readFileSync(join(resumed.checkpoint, name)), readFileSync(join(whole.checkpoint, name)), name);
});

test('lora is refused for a reward model, whose head is new', async (t) => {
  await assert.rejects(
    finished(
      recipe({ method: 'reward-model', data: { train: 'x.jsonl' } } as Partial<Recipe>),
      join(temporaryFolder(t), 'a'),
    ),
    { code: 'recipe-invalid', message: /new head/ },
  );
});

test('a folder that PEFT wrote, without a tokenizer, answers with its base’s', async () => {
  await using model = await loadModel(goldenPath('lora/peft/list'), {
    base: goldenPath('models/tiny-bpe'),
    precision: 'fp32',
  });
  assert.deepEqual(
    [model.folder, model.base].map((path) => path.split('/').at(-1)),
    ['list', 'tiny-bpe'],
  );
  const [answer] = await model.generate(['Once'], { maxTokens: 3 });
  assert.equal(answer!.tokens.length, 3);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadRecipe, type Recipe, resolveRecipe, type TrainOptions, train } from '../index.ts';
import { readMetrics, withoutTimeFields } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { scope, tensor, toArray } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { importMethod } from './import-method.ts';
import type { TargetObjective } from './objective.ts';

/** Methods that a file of the user's own defines. */

const example = fileURLToPath(new URL('../../../../examples/outside-method/dft.ts', import.meta.url));
const skip = existsSync(example) ? false : 'only in the repository';
const library = pathToFileURL(fileURLToPath(new URL('./index.js', import.meta.url))).href;

const fruits = ['apples', 'pears', 'plums', 'cherries'];
const conversations = fruits.map((fruit) => ({
  messages: [
    { role: 'user', content: `Would you like ${fruit}?` },
    { role: 'assistant', content: `Yes please, ${fruit}.` },
  ],
}));
const pairs = fruits.map((fruit) => ({
  prompt: `Would you like ${fruit}?`,
  chosen: `Yes please, ${fruit}.`,
  rejected: `No ${fruit}, go away.`,
}));

/** A folder with rows, a method's file and a recipe file that names it. */
function setUp(t: TestContext, code: string | null, { rows = conversations as object[], lines = '' } = {}) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  if (code !== null) writeFileSync(join(folder, 'own.mjs'), code.replaceAll('posttrain/train', library));
  const file = join(folder, 'recipe.yaml');
  const head = `method: ${code === null ? example : './own.mjs'}\nmodel: ${goldenPath('models/tiny-bpe')}\n`;
  const rest =
    'data: { train: rows.jsonl }\nbatch: 4\nmicroBatch: 2\nlr: 3e-3\nsteps: 4\nprecision: fp32\nthreads: 1\nforgetting: false\n';
  writeFileSync(file, `${head}${rest}${lines}`);
  const run = (options: Partial<TrainOptions> = {}) =>
    train(file, { dir: join(folder, 'run'), inProcess: true, ...options }).result;
  return { folder, file, run, dir: join(folder, 'run') };
}

const counted = `
import { crossEntropy, defineMethod } from 'posttrain/train';
const keys = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate(value) {
      const { scale = 1, ...others } = value;
      const issues = Object.keys(others).map((key) => ({ message: \`\${key} is no key of mine\`, path: [key] }));
      if (!(scale > 0)) issues.push({ message: 'it must be above 0', path: [{ key: 'scale' }] });
      return issues.length > 0 ? { issues } : { value: { scale } };
    },
  },
};
export default defineMethod({
  name: 'counted',
  keys,
  rows: 'conversations',
  objective: ({ scale }) => ({ ...crossEntropy, sum: (given) => crossEntropy.sum(given).mul(scale) }),
});
`;

test('the example: each token weighs what the model gives it', { skip }, async () => {
  const method = await importMethod(example, undefined);
  const objective = (crossEntropy: number) =>
    method.objective({ crossEntropy } as never, { reference: null }) as TargetObjective;
  const of = (crossEntropy: number) =>
    scope(() => {
      const logp = tensor([Math.log(0.5), Math.log(0.25)]);
      logp.requiresGrad = true;
      const sum = objective(crossEntropy).sum({ logp, weights: tensor([1, 2]) });
      sum.backward();
      return { sum: sum.item(), gradient: toArray(logp.grad!) as number[] };
    });
  // 1 · ½ · ln 2 + 2 · ¼ · ln 4 = 1.5 ln 2; no gradient goes through the weights ½ and ¼.
  const plain = of(0);
  assert.ok(Math.abs(plain.sum - 1.5 * Math.log(2)) < 1e-6);
  assert.deepEqual(plain.gradient, [-0.5, -0.5]);
  // Weights 0.8 p + 0.2 are 0.6 and 0.4: 0.6 ln 2 + 2 · 0.4 · ln 4 = 2.2 ln 2.
  const mixed = of(0.2);
  assert.ok(Math.abs(mixed.sum - 2.2 * Math.log(2)) < 1e-6);
  for (const [i, expected] of [-0.6, -0.8].entries()) assert.ok(Math.abs(mixed.gradient[i]! - expected) < 1e-6);
});

test('the example trains in the engine, and its keys and hash are written down', { skip }, async (t) => {
  const { run, dir } = setUp(t, null);
  const { status } = await run({ inProcess: false, allowCode: true });
  assert.equal(status, 'finished');
  const resolved = JSON.parse(readFileSync(join(dir, 'resolved.json'), 'utf8'));
  assert.equal(resolved.method, example);
  assert.deepEqual(resolved.keys, { crossEntropy: 0 });
  assert.equal(resolved.train, 'assistant');
  assert.equal(resolved.sha256, createHash('sha256').update(readFileSync(example)).digest('hex'));
  const { steps } = readMetrics(dir);
  assert.ok(steps.at(-1)!.metrics!['crossEntropy']! < steps[0]!.metrics!['crossEntropy']!);
});

test('an objective of pairs with a reference is the same as one of this package, bit for bit', async (t) => {
  const own = `
    import { defineMethod, pairObjective } from 'posttrain/train';
    export default defineMethod({
      name: 'as-dpo',
      rows: 'pairs',
      usesReference: true,
      objective: (_keys, { reference }) => pairObjective('as-dpo', reference, (chosen, rejected) => {
        const gain = ({ logps, references }) => logps.sub(references);
        return {
          losses: gain(chosen).sub(gain(rejected)).mul(0.1).logSigmoid().neg(),
          rewards: { chosen: gain(chosen).mul(0.1), rejected: gain(rejected).mul(0.1) },
        };
      }),
    });`;
  const [outside, inside] = [setUp(t, own, { rows: pairs }), setUp(t, counted, { rows: pairs })];
  await outside.run();
  await inside.run({ overrides: ['method=dpo', 'dpo.beta=0.1'] });
  const [a, b] = [outside, inside].map(({ dir }) => readMetrics(dir).steps.map(withoutTimeFields));
  const losses = (rows: readonly Record<string, unknown>[]) => rows.map(({ loss, gradNorm }) => ({ loss, gradNorm }));
  assert.deepEqual(losses(a!), losses(b!));
  assert.ok('chosenReward' in (a![0]!['metrics'] as object));
});

test('a stopped run goes on bit for bit, and only with the method that it began with', async (t) => {
  const [whole, stopped] = [setUp(t, counted), setUp(t, counted)];
  await whole.run();
  const half = train(stopped.file, { dir: stopped.dir, inProcess: true });
  for await (const event of half) if (event.type === 'step' && event.step === 2) half.stop();
  const method = join(stopped.folder, 'own.mjs');
  const code = readFileSync(method, 'utf8');
  writeFileSync(method, `${code}\n// another`);
  await assert.rejects(stopped.run({ resume: true }), /sha256: began with "[0-9a-f]{64}", now "/);
  writeFileSync(method, code);
  await assert.rejects(stopped.run({ overrides: ['sha256=abc'] }), /is not the one of the recipe's sha256/);
  await stopped.run({ resume: true });
  const [a, b] = [whole, stopped].map(({ dir }) => readMetrics(dir).steps.map(withoutTimeFields));
  assert.deepEqual(b, a);
});

test('what its schema refuses is an error of the recipe, with file, line and key', async (t) => {
  const { run, dir, file } = setUp(t, counted, { lines: 'keys:\n  scale: -2\n  width: 3\n' });
  await assert.rejects(run(), (error) => {
    assert.ok(PosttrainError.is(error));
    assert.equal(error.code, 'recipe-invalid');
    assert.equal(
      error.message,
      'the recipe has 2 problems.\n  12:10 keys.scale is -2: it must be above 0.\n  13:10 keys.width is 3: width is no key of mine.',
    );
    assert.equal(error.place?.file, file);
    return true;
  });
  assert.ok(!existsSync(dir));
  await assert.rejects(run({ overrides: ['keys.width=3'] }), /keys\.scale is -2/);
});

test('one mistake stands at its line; the same schema fills in its defaults', async (t) => {
  const { run, file, dir } = setUp(t, counted, { lines: 'keys: { scale: 0 }\n' });
  await assert.rejects(run(), (error) => {
    assert.ok(PosttrainError.is(error));
    assert.deepEqual(error.place, { file, line: 11, column: 16, key: 'keys.scale' });
    return true;
  });
  await run({ overrides: ['keys={}'] });
  assert.deepEqual(JSON.parse(readFileSync(join(dir, 'resolved.json'), 'utf8')).keys, { scale: 1 });
});

test('rows of pairs take no key of conversations, and are not packed', async (t) => {
  const own = counted.replace("rows: 'conversations'", "rows: 'pairs'");
  const { run } = setUp(t, own, { rows: pairs, lines: 'train: all\n' });
  await assert.rejects(run(), /train is of conversations and texts, and counted learns from pairs/);
  await assert.rejects(
    run({ overrides: ['data.packing=true'] }),
    /data\.packing is true, but counted compares answers/,
  );
});

test('its code runs when it is trained, and only in the folder of the recipe unless it is allowed', async (t) => {
  const { folder, file } = setUp(
    t,
    "import { writeFileSync } from 'node:fs'; writeFileSync(new URL('ran', import.meta.url), ''); throw new Error('no');",
  );
  await resolveRecipe(await loadRecipe(file));
  assert.ok(!existsSync(join(folder, 'ran')));
  mkdirSync(join(folder, 'inner'));
  const inner = join(folder, 'inner', 'r.yaml');
  writeFileSync(
    inner,
    readFileSync(file, 'utf8').replace('./own.mjs', '../own.mjs').replace('rows.jsonl', '../rows.jsonl'),
  );
  const options = { dir: join(folder, 'run'), inProcess: true };
  await assert.rejects(train(inner, options).result, { code: 'folder-unsafe' });
  assert.ok(!existsSync(join(folder, 'ran')));
  await assert.rejects(train(inner, { ...options, allowCode: true }).result, /the method's file failed: no/);
  assert.ok(existsSync(join(folder, 'ran')));
});

const mistakes: Readonly<Record<string, [code: string, message: RegExp]>> = {
  'no default export': ['export const loss = 1;', /exports loss, and no method/],
  'without defineMethod': ['export default { objective() {} };', /without defineMethod of this copy/],
  'something else': ['export default 3;', /has a default export that is no method/],
  'other rows': [counted.replace("rows: 'conversations'", "rows: 'songs'"), /the method counted has rows: "songs"/],
  'a mistake in its loss': [
    counted.replace('crossEntropy.sum(given).mul(scale)', 'given.logits.sum()'),
    /the method counted failed: Cannot read properties of undefined/,
  ],
  'keys that change when they are read': [
    counted.replace('{ value: { scale } }', '{ value: { scale: scale / 2 } }'),
    /the schema of counted gives keys that it would not read again the same/,
  ],
};

for (const [name, [code, message]] of Object.entries(mistakes))
  test(`refused: ${name}`, async (t) => {
    const { run, folder } = setUp(t, code);
    await assert.rejects(run(), (error) => {
      assert.ok(PosttrainError.is(error), String(error));
      assert.equal(error.code, 'method-invalid');
      assert.match(error.message, message);
      assert.equal(error.place?.file, join(folder, 'own.mjs'));
      return true;
    });
  });

test('a file that is not there stands at its key', async (t) => {
  const { run, file } = setUp(t, counted);
  await assert.rejects(run({ overrides: ['method=./other.mjs'] }), (error) => {
    assert.ok(PosttrainError.is(error));
    assert.equal(error.code, 'file-missing');
    assert.equal(error.place?.file, 'the override method=./other.mjs');
    return true;
  });
  const given = { method: './none.ts', model: 'pocket', data: { train: 'a.jsonl' }, lr: 1 } as Recipe;
  await assert.rejects(train(given, { dir: join(file, '../x'), inProcess: true }).result, { code: 'file-missing' });
});

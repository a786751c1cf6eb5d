import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { resolveArms } from './arms.ts';
import type { Study } from './definition.ts';
import { loadStudy } from './load.ts';

async function message(t: TestContext, text: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries({ 'study.yaml': text, ...files }))
    writeFileSync(join(folder, name), content);
  const thrown = await loadStudy('study.yaml', folder)
    .then(resolveArms)
    .then(
      () => assert.fail('nothing was thrown'),
      (error: unknown) => error,
    );
  assert.ok(PosttrainError.is(thrown), String(thrown));
  return `${thrown.code}: ${thrown.format().replaceAll(folder, '.')}`;
}

const rest = 'evaluate: { tasks: [gsm8k] }\n';
const sft = 'method: sft\nmodel: pocket\ndata: { train: chat.jsonl }\nsteps: 4\nlr: 1e-3\nseed: 7\n';

test('unknown keys are answered with the nearest, in their line', async (t) => {
  assert.equal(
    await message(t, `arms: { base: { model: pocket } }\nseed: [1, 2]\n${rest}`),
    'study-invalid: unknown key "seed".\n  in study.yaml:2:1 seed\n  help: did you mean seeds?',
  );
  assert.equal(
    await message(t, 'arms: { base: { model: pocket } }\nevaluate: { tasks: [gsm8k], margin: { a.b: 1 } }\n'),
    'study-invalid: unknown key "evaluate.margin".\n  in study.yaml:2:29 evaluate.margin\n  help: did you mean margins?',
  );
  assert.equal(
    await message(t, `arms:\n  sft: { recipe: sft.yaml, wiht: { lr: 1 } }\n${rest}`),
    'study-invalid: unknown key "arms.sft.wiht".\n  in study.yaml:2:28 arms.sft.wiht\n  help: did you mean with?',
  );
});

test('what contradicts itself is told with what there is', async (t) => {
  assert.equal(
    await message(t, `arms: { base: { model: pocket } }\nbaseline: bsae\nseeds: [1, 1]\n${rest}`),
    [
      'study-invalid: the study has 2 problems.',
      '  2:11 baseline is "bsae", and no arm is called so.',
      '    help: did you mean base?',
      '  3:8 seeds lists 1 twice.',
      '    help: a seed is one run.',
      '  in study.yaml',
    ].join('\n'),
  );
  assert.match(
    await message(t, `arms: {}\n${rest}`),
    /^study-invalid: arms is empty: there is nothing to train or compare\./,
  );
  assert.match(
    await message(t, `arms: { a/b: { model: pocket } }\n${rest}`),
    /the arm "a\/b" cannot be the name of a folder\.\n.*\n {2}help: write letters, digits/,
  );
  assert.match(await message(t, 'arms: { base: { model: pocket } }\n'), /^study-invalid: evaluate is missing\./);
});

test('an arm is a recipe, a changed recipe or a model', async (t) => {
  assert.equal(
    await message(t, `arms: { sft: 3 }\n${rest}`),
    'study-invalid: arms.sft is 3, but must be a recipe file, a recipe, { recipe, with } or { model }.\n  in study.yaml:1:14 arms.sft\n  help: a recipe has a method.',
  );
  assert.match(
    await message(t, `arms: { sft: ./sft.yaml }\n${rest}`),
    /^file-missing: there is no recipe \.\/sft\.yaml\./,
  );
  assert.match(
    await message(t, `arms: { sft: { recipe: sft.yaml, with: [1] } }\n${rest}`),
    /arms\.sft\.with is \[1\], but must be a mapping of keys\./,
  );
});

test('a mistake in a recipe is shown where it stands', async (t) => {
  assert.match(
    await message(t, `arms: { sft: sft.yaml }\n${rest}`, { 'sft.yaml': sft.replace('steps', 'stesp') }),
    /^recipe-invalid: unknown key "stesp"\.\n {2}in .*sft\.yaml:4:1 stesp\n {2}help: did you mean steps\?$/,
  );
  assert.match(
    await message(
      t,
      `arms:\n  sft:\n    method: sft\n    model: pocket\n    data: { train: a.jsonl }\n    lr: fast\n${rest}`,
    ),
    /^recipe-invalid: lr is "fast", but must be a number\.\n {2}in study\.yaml:6:9 lr\n/,
  );
  assert.match(
    await message(t, `arms: { sft: { recipe: sft.yaml, with: { batch: 0 } } }\n${rest}`, { 'sft.yaml': sft }),
    /^recipe-invalid: batch is 0, but must be at least 1\.\n {2}in the override batch=0 of arm sft batch\n/,
  );
  assert.match(
    await message(t, `arms: { sft: { recipe: sft.yaml, with: { seed: [1, 2] } } }\n${rest}`, { 'sft.yaml': sft }),
    /seed is a list\.[\s\S]*help: training seeds stand under seeds of the study\./,
  );
});

test('paths start at the file that names them, and lists make points', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'sft.yaml'), sft);
  const study: Study = {
    arms: {
      base: { model: './base' },
      sft: { recipe: 'sft.yaml', with: { lr: [1e-3, 1e-2], 'data.maxTokens': 64 } },
      own: { method: 'sft', model: 'pocket', data: { train: 'own.jsonl' }, lr: 1e-4 },
    },
    evaluate: { tasks: ['gsm8k'] },
  };
  const [base, changed, own] = await resolveArms(await loadStudy(study, folder));
  assert.deepEqual(base, { name: 'base', kind: 'control', model: join(folder, 'base') });
  assert.ok(changed?.kind === 'trained' && own?.kind === 'trained');
  assert.deepEqual(
    changed.points.map(({ name, recipe }) => [name, recipe.lr, recipe.data]),
    [
      ['lr=0.001', 1e-3, { train: join(folder, 'chat.jsonl'), maxTokens: 64 }],
      ['lr=0.01', 1e-2, { train: join(folder, 'chat.jsonl'), maxTokens: 64 }],
    ],
  );
  assert.deepEqual([changed.swept, changed.ownSeed], [['lr'], 7]);
  assert.deepEqual([own.points[0]!.name, own.points[0]!.recipe.data.train], ['single', join(folder, 'own.jsonl')]);
});

test('a study as a program, and endings that are none', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(
    join(folder, 's.mjs'),
    "export default { arms: { base: { model: 'pocket' } }, evaluate: { tasks: ['gsm8k'] } };",
  );
  const { study, name, given } = await loadStudy('s.mjs', folder);
  assert.deepEqual([name, given.name, study.seeds], ['s', 'study.mjs', [1, 2, 3, 4, 5]]);
  await assert.rejects(loadStudy('s.txt', folder), { code: 'usage', message: 's.txt is not a study file.' });
  await assert.rejects(loadStudy('no.yaml', folder), { code: 'file-missing', message: 'there is no study no.yaml.' });
  writeFileSync(join(folder, 'n.mjs'), 'export const study = 1;');
  await assert.rejects(loadStudy('n.mjs', folder), { message: 'the study program has no default export.' });
});

test('study.schema.json is up to date', async () => {
  const { generatedFiles } = await import('./generated-files.ts');
  const root = join(import.meta.dirname, '../../../..');
  for (const { path, text } of generatedFiles())
    assert.equal(
      readFileSync(join(root, path), 'utf8'),
      text,
      `${path} is stale: node scripts/generate-recipe-types.mjs`,
    );
});

const page = new URL('../../../../docs/studies.md', import.meta.url);
const skip = existsSync(page) ? false : 'only in the repository';

test('the study and the recipe of docs/studies.md are what the page says', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)];
  for (const [, name, text] of blocks) writeFileSync(join(folder, name!), text!);
  const loaded = await loadStudy('study.yaml', folder);
  assert.deepEqual(
    (await resolveArms(loaded)).map((arm) => [
      arm.name,
      arm.kind === 'trained' ? arm.points.map(({ recipe }) => recipe.lr) : arm.model,
    ]),
    [
      ['base', 'pocket'],
      ['adamw', [1e-3, 3e-3, 1e-2]],
      ['muon', [2e-3, 6e-3, 2e-2]],
    ],
  );
  assert.deepEqual(loaded.study.evaluate.require, ['change of test.right > 0.1']);
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { defineRecipe } from './define.ts';
import { loadRecipe } from './load.ts';
import type { Recipe } from './recipe.generated.ts';
import { resolveRecipe } from './resolve.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'recipe-'));
});
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

async function loadText(text: string, overrides: string[] = [], env: Record<string, string> = {}, name = 'r.yaml') {
  return loadRecipe(write(name, text), overrides, { cwd: folder, env });
}

async function failure(run: Promise<unknown>): Promise<PosttrainError> {
  const thrown = await run.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );
  assert.ok(PosttrainError.is(thrown), String(thrown));
  return thrown;
}

async function message(text: string, overrides: string[] = []): Promise<string> {
  return (await failure(loadText(text, overrides))).format();
}

const minimal = 'method: sft\nmodel: pocket\ndata: { train: chat.jsonl }\nlr: 1e-4\n';

describe('reading', () => {
  test('YAML 1.2: 1e-5 is a number, on is text, and the recipe is kept as given', async () => {
    const loaded = await loadText('method: sft\nmodel: on\ndata: { train: chat.jsonl }\nlr: 1e-5\n');
    assert.equal(loaded.recipe.lr, 0.00001);
    assert.equal(loaded.recipe.model, 'on');
    assert.deepEqual(loaded.given, {
      name: 'recipe.yaml',
      text: 'method: sft\nmodel: on\ndata: { train: chat.jsonl }\nlr: 1e-5\n',
    });
  });

  test('JSON, tabs included, gives the same recipe as YAML', async () => {
    const json = await loadText(
      '{\n\t"method": "sft",\n\t"model": "pocket",\n\t"data": {"train": "chat.jsonl"},\n\t"lr": 1e-4\n}\n',
      [],
      {},
      'r.json',
    );
    assert.deepEqual(json.recipe, (await loadText(minimal)).recipe);
  });

  test('TypeScript and JavaScript files export a recipe', async () => {
    const body = "{ method: 'sft', model: 'pocket', data: { train: 'chat.jsonl' }, lr: 1e-4 }";
    const expected = (await loadText(minimal)).recipe;
    write('r.ts', `const lr: number = 1e-4;\nexport default { ...${body}, lr } as const;\n`);
    write('r.mjs', `export const recipe = ${body};\n`);
    assert.deepEqual((await loadRecipe('r.ts', [], { cwd: folder })).recipe, expected);
    assert.deepEqual((await loadRecipe('r.mjs', [], { cwd: folder })).recipe, expected);
  });

  test('a program without a recipe, or one that throws, is an error that says so', async () => {
    write('none.mjs', 'export const steps = 3;\n');
    write('none.ts', 'type Nothing = never;\n');
    assert.match(
      (await failure(loadRecipe('none.ts', [], { cwd: folder }))).message,
      /^the recipe program exports nothing, and no recipe\./,
    );
    write('throws.mjs', "throw new Error('out of tea');\n");
    assert.equal(
      (await failure(loadRecipe('none.mjs', [], { cwd: folder }))).format(),
      'the recipe program exports steps, and no recipe.\n  in none.mjs\n  help: write export default defineRecipe({ … }).',
    );
    assert.equal(
      (await failure(loadRecipe('throws.mjs', [], { cwd: folder }))).format(),
      'the recipe program failed: out of tea\n  in throws.mjs',
    );
  });

  test('merge keys and anchors work', async () => {
    const { recipe } = await loadText(
      `${minimal}every: &often { checkpoint: 5 }\nschedule:\n  kind: linear\n  warmup: 2\n`,
    );
    assert.deepEqual(recipe.every, { checkpoint: 5 });
    const merged = await loadText(
      'method: sft\nmodel: pocket\nlr: 1\ndata:\n  <<: { train: a.jsonl, packing: true }\n  packing: false\n',
    );
    assert.deepEqual(merged.recipe.data, { train: join(folder, 'a.jsonl'), packing: false });
  });

  test('relative paths start at the folder of the recipe, those of overrides at the current folder', async () => {
    mkdirSync(join(folder, 'sub/base'), { recursive: true });
    write('sub/forget.yaml', `${minimal}forgetting: { text: neutral.txt, suite: /suite.jsonl }\n`);
    const forget = await loadRecipe('sub/forget.yaml', [], { cwd: folder });
    assert.deepEqual(forget.recipe.forgetting, { text: join(folder, 'sub/neutral.txt'), suite: '/suite.jsonl' });
    const given = await loadRecipe('sub/forget.yaml', ['forgetting=own.txt'], { cwd: folder });
    assert.equal(given.recipe.forgetting, join(folder, 'own.txt'));
    write(
      'sub/r.yaml',
      'method: pretrain\nmodel: base\nlr: 1\ndata:\n  train: [{ path: a.txt }, { path: /b.txt, weight: 2 }]\nreplay: { path: old.txt, share: 0.1 }\n',
    );
    const { recipe } = await loadRecipe('sub/r.yaml', ['data.validation=held.txt'], { cwd: folder });
    assert.equal(recipe.model, join(folder, 'sub/base'));
    assert.deepEqual(recipe.data.train, [{ path: join(folder, 'sub/a.txt') }, { path: '/b.txt', weight: 2 }]);
    assert.equal(recipe.data.validation, join(folder, 'held.txt'));
    assert.equal('replay' in recipe && recipe.replay?.path, join(folder, 'sub/old.txt'));
    const hub = await loadRecipe('sub/r.yaml', ['model=Qwen/Qwen3-0.6B'], { cwd: folder });
    assert.equal(hub.recipe.model, 'Qwen/Qwen3-0.6B');
  });

  test('missing, unreadable and foreign files', async () => {
    assert.equal(
      (await failure(loadRecipe('no.yaml', [], { cwd: folder }))).format(),
      `there is no recipe no.yaml.\n  help: looked for ${join(folder, 'no.yaml')}.`,
    );
    mkdirSync(join(folder, 'dir.yaml'));
    assert.equal((await failure(loadRecipe('dir.yaml', [], { cwd: folder }))).code, 'file-unreadable');
    assert.match(
      (await failure(loadRecipe('r.toml', [], { cwd: folder }))).message,
      /r\.toml is not a recipe file: its name ends in \.toml\./,
    );
  });
});

describe('environment', () => {
  test('fills texts, and numbers where the reference is the whole value', async () => {
    const text = `method: sft\nmodel: "\${env:ORG}/base"\ndata: { train: "\${env:DATA}" }\nlr: \${env:RATE}\n`;
    const { recipe } = await loadText(text, [], { ORG: 'me', DATA: '/d/1.jsonl', RATE: '2e-5' });
    assert.deepEqual([recipe.model, recipe.data.train, recipe.lr], ['me/base', '/d/1.jsonl', 2e-5]);
  });

  test('a variable that is not set is an error in its place', async () => {
    assert.equal(
      await message(`method: sft\nmodel: \${env:BASE}\n`),
      'model names the environment variable "BASE", which is not set.\n  in r.yaml:2:8 model\n  help: set it, as in BASE=value posttrain …',
    );
  });
});

describe('overrides', () => {
  test('set values of any depth, write shorthands out, and put steps in the place of epochs', async () => {
    const overrides = [
      'lr=2e-5',
      'data.maxTokens=512',
      'optimizer.weightDecay=0.1',
      'steps=7',
      'data.train.0.weight=3',
    ];
    const text = 'method: sft\nmodel: pocket\nlr: 1\nepochs: 2\noptimizer: muon\ndata: { train: [{ path: /a }] }\n';
    const { recipe, given } = await loadText(text, overrides);
    assert.deepEqual(recipe, {
      method: 'sft',
      model: 'pocket',
      lr: 2e-5,
      steps: 7,
      optimizer: { kind: 'muon', weightDecay: 0.1 },
      data: { train: [{ path: '/a', weight: 3 }], maxTokens: 512 },
    });
    assert.equal(given.text, text);
  });

  test('are named by errors about their values', async () => {
    assert.equal(
      await message(minimal, ['batch=many']),
      'batch is "many", but must be a number.\n  in the override batch=many batch\n  help: Sequences per optimizer step, over all micro-batches and devices.',
    );
  });

  test('are named by errors about what they made of a value', async () => {
    assert.match(
      await message(minimal, ['data.train.x=1']),
      /^data\.train is \{"x":1\}, but must be text or a list\.\n {2}in the override data\.train\.x=1 data\.train\n/,
    );
  });

  test('of another form are usage errors', async () => {
    const error = await failure(loadText(minimal, ['lr']));
    assert.equal(error.code, 'usage');
    assert.equal(
      error.format(),
      '"lr" is not of the form key=value.\n  help: for example lr=2e-5 or data.maxTokens=512.',
    );
    assert.match(
      (await failure(loadText(minimal, ['data.train=[a']))).message,
      /^the value of "data\.train=\[a" cannot be read: /,
    );
  });
});

describe('mistakes', () => {
  test('an unknown key fails with the nearest name and the place of the key', async () => {
    assert.equal(
      await message(`${minimal}sedd: 3\n`),
      'unknown key "sedd".\n  in r.yaml:5:1 sedd\n  help: did you mean seed?',
    );
    assert.equal(
      await message(`${minimal}every:\n  checkpiont: 3\n`),
      'unknown key "every.checkpiont".\n  in r.yaml:6:3 every.checkpiont\n  help: did you mean checkpoint?',
    );
  });

  test('a key in the wrong place is sent to its own', async () => {
    assert.equal(
      await message(`${minimal}maxTokens: 3\n`),
      'unknown key "maxTokens".\n  in r.yaml:5:1 maxTokens\n  help: it belongs elsewhere: data.maxTokens.',
    );
    assert.match(await message(`${minimal}maxToken: 3\n`), /did you mean data\.maxTokens\?/);
    assert.match(
      await message(`${minimal}replay: { path: a, share: 0.1, zzzzzz: 1 }\n`),
      /help: the keys of replay are path, share\./,
    );
  });

  test('names of other trainers are translated with the numbers of the user', async () => {
    assert.equal(
      await message('method: sft\nmodel: pocket\ndata: { train: a.jsonl }\nlearning_rate: 2e-5\nlr: 1\n'),
      'unknown key "learning_rate": a name of TRL, LLaMA-Factory, Axolotl.\n  in r.yaml:4:1 learning_rate\n  help: Write lr: 2e-5',
    );
    assert.match(await message(`${minimal}cutoff_len: 1024\n`), /Write data: \{ maxTokens: 1024 \}/);
    assert.match(
      await message(`${minimal}lr_scheduler_type: constant_with_warmup\n`),
      /Write schedule: \{ kind: constant \}/,
    );
    assert.match(await message(`${minimal}adam_beta2: 0.95\n`), /Write optimizer: \{ betas: \[0\.9, 0\.95\] \}/);
    assert.match(await message(`${minimal}assistantOnlyLoss: true\n`), /Write train: assistant/);
    assert.match(await message(`${minimal}output_dir: out\n`), /The run folder is not part of the recipe/);
    assert.match(await message(`${minimal}max_grad_norm: 0\n`), /Write clip: false/);
  });

  test('the two factors of a batch are one mistake, with the product', async () => {
    assert.equal(
      await message(`${minimal}per_device_train_batch_size: 4\ngradient_accumulation_steps: 8\n`),
      [
        'unknown key "per_device_train_batch_size": a name of TRL, LLaMA-Factory, Axolotl.',
        '  in r.yaml:5:1 per_device_train_batch_size',
        '  help: per_device_train_batch_size 4 × gradient_accumulation_steps 8 = 32 sequences per optimizer step on one device; times the number of devices on more.',
        '        Write batch: 32, microBatch: 4',
      ].join('\n'),
    );
    assert.match(
      await message(`${minimal}gradient_accumulation_steps: 2\n`),
      /per_device_train_batch_size 8 \(its default\) × gradient_accumulation_steps 2 = 16 /,
    );
  });

  test('all are reported together, in the order of the text, with what is missing first', async () => {
    assert.equal(
      await message(
        'method: sft\nmodel: pocket\ndata: { train: a.jsonl, overlong: cut }\nbatch: 0\nsteps: 1.5\nsede: 1\n',
      ),
      [
        'the recipe has 5 problems.',
        '  lr is missing.',
        '    help: The highest learning rate of the run.',
        '  3:35 data.overlong is "cut", but must be drop, split, error, truncateEnd or truncateStart.',
        '    help: What happens to rows longer than maxTokens: stop and list them, leave them out, cut at the start or end, or split into several rows.',
        '  4:8 batch is 0, but must be at least 1.',
        '    help: Sequences per optimizer step, over all micro-batches and devices.',
        '  5:8 steps is 1.5, but must be a whole number.',
        '    help: Optimizer steps of the run. Give steps or epochs, not both.',
        '  6:1 unknown key "sede".',
        '    help: did you mean seed?',
        '  in r.yaml',
      ].join('\n'),
    );
  });

  const values: [string, RegExp][] = [
    ['lr: -1', /^lr is -1, but must be above 0\.\n {2}in r\.yaml:1:5 lr/],
    ['lr: 0', /^lr is 0, but must be above 0\./],
    ['lr: .nan', /^lr is NaN, but must be a finite number\./],
    ['lr: "1e-5"', /^lr is "1e-5", but must be a number\.\n.*\n {2}help: write 1e-5 without quotes\./],
    ['seed: -1', /^seed is -1, but must be at least 0\./],
    ['version: 2', /^version is 2, but must be 1\./],
    ['data: { train: a, maxTokens: huge }', /^data\.maxTokens is "huge", but must be a number or auto\./],
    ['data: { train: a, maxTokens: 1 }', /^data\.maxTokens is 1, but must be at least 2\./],
    ['data: { train: a, validation: 1 }', /^data\.validation is 1, but must be below 1\./],
    ['data: { train: a, validation: true }', /^data\.validation is true, but must be a number, text or false\./],
    ['data: { train: [] }', /^data\.train is \[\], but must be a list of at least 1\./],
    ['data: { train: [{ path: 3 }] }', /^data\.train\.0\.path is 3, but must be text\.\n {2}in r\.yaml:1:25/],
    ['data: { train: [{ path: a, weight: 0 }] }', /^data\.train\.0\.weight is 0, but must be above 0\./],
    ['data: chat.jsonl', /^data is "chat\.jsonl", but must be a mapping of keys\./],
    ['optimizer: adam', /^optimizer is "adam", but must be adamw, muon or a mapping of keys\./],
    ['optimizer: { kind: sgd }', /^optimizer\.kind is "sgd", but must be muon or adamw\./],
    ['optimizer: { betas: [0.9, 1] }', /^optimizer\.betas\.1 is 1, but must be below 1\./],
    ['optimizer: { momentum: 0.9 }', /^unknown key "optimizer\.momentum"\./],
    ['schedule: { kind: constant, floor: 0.1 }', /^unknown key "schedule\.floor"\./],
    ['replay: { path: a }', /^replay\.share is missing\.\n {2}in r\.yaml:1:1 replay\.share/],
    ['clip: 0', /^clip is 0, but must be above 0\./],
    [
      'batch: 64\nmicroBatch: 10',
      /^batch \(64\) is not a multiple of microBatch \(10\)\.\n {2}in r\.yaml:2:13 microBatch\n {2}help: 8 and 16 divide 64\./,
    ],
    ['batch: 4\nmicroBatch: 8', /help: 4 divides 4\./],
    [
      'steps: 10\nepochs: 1',
      /^steps \(10\) and epochs \(1\) both say how long the run is\.\n {2}in r\.yaml:2:1 epochs\n {2}help: keep one of them\./,
    ],
    ['steps: 10\nschedule: { warmup: 11 }', /^schedule\.warmup \(11 steps\) is longer than the run \(10 steps\)\./],
    [
      'schedule: { warmup: 2.5 }',
      /^schedule\.warmup is 2\.5, but must be a share below 1 or a whole number of steps\./,
    ],
    [
      'steps: 10\nschedule: { warmup: 6, hold: 0.5 }',
      /^schedule\.warmup \(6\) and schedule\.hold \(0\.5\) together are longer than the run\./,
    ],
    ['every: { evaluate: 5 }', /^every\.evaluate is 5, but there are no held-out rows to evaluate on\./],
    ['data: { train: a, validation: a }', /^data\.validation is a, which is also trained on\./],
    [
      'method: sftt',
      /^method is "sftt", but must be [a-z, -]+ or [a-z-]+\.\n {2}in r\.yaml:1:9 method\n {2}help: did you mean sft\?/,
    ],
  ];
  for (const [lines, expected] of values) {
    test(`${lines.replaceAll('\n', ', ')} is refused`, async () => {
      const given = new Set(lines.split('\n').map((line) => line.split(':')[0]));
      const rest = minimal.split('\n').filter((line) => !given.has(line.split(':')[0]!));
      assert.match(await message([lines, ...rest].join('\n')), expected);
    });
  }

  test('contradictions are found beside unknown keys', async () => {
    const error = await failure(loadText(`${minimal}steps: 1\nepochs: 1\nsede: 1\n`));
    const issues = error.data?.['issues'] as { message: string }[] | undefined;
    assert.deepEqual(
      issues?.map((issue) => issue.message),
      ['steps (1) and epochs (1) both say how long the run is.', 'unknown key "sede".'],
    );
  });

  test('no method, no mapping, an empty file', async () => {
    assert.equal(
      await message('model: pocket\n'),
      'method is missing.\n  in r.yaml method\n  help: method is sft, pretrain, distill, reward-model, dpo, kto, orpo, simpo, ppo, grpo or rloo; or a file that defines one, such as ./my-method.ts.',
    );
    assert.match(await message('- 1\n'), /^a recipe is a mapping of keys, and this is a list\./);
    assert.match(await message(''), /^a recipe is a mapping of keys, and this is null\./);
  });

  test('syntax errors, duplicate keys and unknown tags have their place', async () => {
    assert.equal(
      await message('method: sft\nmethod: sft\n'),
      'r.yaml is not valid YAML: Map keys must be unique.\n  in r.yaml:2:1',
    );
    assert.match(await message('method: [sft\n'), /^r\.yaml is not valid YAML: /);
    assert.match(await message('method: !!js/function "x"\n'), /Unresolved tag/);
  });

  test('an object from a program is checked too, without a file', async () => {
    const error = await failure(
      loadRecipe({ method: 'sft', model: 'x', data: { train: 'a' }, lr: 1, colour: () => 1 } as unknown as Recipe),
    );
    assert.equal(error.place?.file, undefined);
    assert.match(error.format(), /^unknown key "colour"\.\n {2}in colour/);
  });
});

describe('resolution', () => {
  const recipe: Recipe = defineRecipe({ method: 'sft', model: 'pocket', data: { train: '/a.jsonl' }, lr: 1e-4 });

  test('lora: absent it is absent, an empty one is every default, alpha follows rank, and r is answered with rank', async () => {
    assert.equal((await resolveRecipe(await loadRecipe(recipe))).lora, undefined);
    const lora = { rank: 16, alpha: 32, targets: 'all-linear', dropout: 0, rankStabilized: false };
    assert.deepEqual((await resolveRecipe(await loadRecipe({ ...recipe, lora: {} }))).lora, lora);
    const changed = await resolveRecipe(await loadRecipe(recipe, ['lora.rank=4', 'lora.targets=[q_proj, v_proj]']));
    assert.deepEqual(changed.lora, { ...lora, rank: 4, alpha: 8, targets: ['q_proj', 'v_proj'] });
    const peft = { r: 8, lora_alpha: 16, target_modules: 'q_proj, v_proj', lora_dropout: 0.05 };
    const error = await failure(loadRecipe({ ...recipe, lora: peft } as unknown as Recipe));
    for (const line of ['rank: 8', 'alpha: 16', 'targets: [q_proj, v_proj]', 'dropout: 0.05'])
      assert.ok(error.format().includes(`Write lora: { ${line} }`), `${line} in ${error.format()}`);
  });

  test('lora and random weights are refused: nothing would hold the weights', async () => {
    const error = await failure(loadRecipe({ ...recipe, init: 'random', lora: {} }));
    assert.match(error.format(), /init is random, but lora keeps the adapters alone/);
  });

  test('fills every default in', async () => {
    assert.deepEqual(await resolveRecipe(await loadRecipe(recipe)), {
      version: 1,
      method: 'sft',
      model: 'pocket',
      init: 'pretrained',
      data: {
        train: [{ path: '/a.jsonl', weight: 1 }],
        validation: false,
        maxTokens: 'auto',
        overlong: 'error',
        packing: false,
        specialTokens: 'text',
        shuffle: true,
      },
      train: 'assistant',
      batch: 16,
      microBatch: 'auto',
      optimizer: { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
      lr: 1e-4,
      schedule: { kind: 'cosine', warmup: 0.03, floor: 0, hold: 0 },
      epochs: 1,
      clip: 1,
      precision: 'auto',
      recompute: false,
      forgetting: 'auto',
      every: { evaluate: false, checkpoint: 100, keep: 2 },
      threads: 'auto',
      seed: 0,
    });
  });

  test('forgetting: a path is short for a text, false stays, and a mapping may hold either file', async () => {
    const forgetting = async (value: string) =>
      (await resolveRecipe(await loadText(`${minimal}forgetting: ${value}\n`))).forgetting;
    assert.deepEqual(await forgetting('/neutral.txt'), { text: '/neutral.txt' });
    assert.deepEqual(await forgetting('{ suite: /suite.jsonl }'), { suite: '/suite.jsonl' });
    assert.equal(await forgetting('false'), false);
    assert.equal(await forgetting('auto'), 'auto');
  });

  test('gives each method its own defaults', async () => {
    const resolved = await resolveRecipe(
      await loadRecipe({ ...recipe, method: 'pretrain', schedule: 'constant', optimizer: 'muon', steps: 5 }),
    );
    assert.equal(resolved.train, 'all');
    assert.equal(resolved.data.packing, true);
    assert.deepEqual(resolved.schedule, { kind: 'constant', warmup: 0 });
    assert.equal(resolved.optimizer.kind, 'muon');
    assert.deepEqual([resolved.steps, resolved.epochs], [5, undefined]);
  });

  test('of a resolved recipe changes nothing, also after JSON', async () => {
    for (const data of [{ train: '/a.jsonl' }, { train: '/a.jsonl', validation: 0.1, template: '/t.jinja' }]) {
      const once = await resolveRecipe(
        await loadRecipe({ ...recipe, data, replay: { path: '/b', share: 0.1 }, schedule: { warmup: 4 } } as Recipe),
      );
      const again = await loadRecipe(JSON.parse(JSON.stringify(once)) as Recipe);
      assert.deepEqual(await resolveRecipe(again), once);
    }
  });
});

test('generated files are up to date', async () => {
  const { generatedFiles } = await import('./generated-files.ts');
  const root = join(import.meta.dirname, '../../../../..');
  for (const { path, text } of generatedFiles()) {
    assert.equal(
      readFileSync(join(root, path), 'utf8'),
      text,
      `${path} is stale: npm run build, then node scripts/generate-recipe-types.mjs`,
    );
  }
});

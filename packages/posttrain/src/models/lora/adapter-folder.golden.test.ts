import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PackedAttention } from '../../nn/index.ts';
import { noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import { adaptedModel, ownSettings } from '../../testing/adapted-model.ts';
import {
  assertClose,
  assertNoLeak,
  goldenJson,
  goldenPath,
  valueTolerance,
  withTensors,
} from '../../testing/golden.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import type { CausalLm } from '../causal-lm.ts';
import { loadCausalLm } from '../load.ts';
import { writeAdapterFiles } from './adapter-folder.ts';
import { withoutAdapters } from './adapters.ts';

/** Folders that PEFT wrote, and one that we wrote, against the logits that PEFT computes with them. */

const { ids, folders } = goldenJson<{ ids: readonly number[]; folders: readonly string[] }>('lora/fixture.json');
const base = goldenPath('models/tiny-bpe');

function logitsOf(model: CausalLm): Tensor {
  return scope(() =>
    noGrad(() => {
      using attention = new PackedAttention([ids.length]);
      return model.logits(model.call(tensor(ids, { dtype: 'int64' }), attention));
    }),
  );
}

for (const folder of folders)
  for (const adapter of ['merged', 'apart'] as const)
    test(`${folder}, ${adapter}: PEFT's logits`, () =>
      assertNoLeak(() => {
        using model = loadCausalLm(goldenPath(`lora/${folder}`), { base, adapter }).model;
        withTensors('lora/logits.safetensors', (view) =>
          scope(() => {
            using logits = logitsOf(model);
            assertClose(logits, view(folder), valueTolerance, folder);
            if (adapter === 'merged') return;
            using plain = withoutAdapters(model, () => logitsOf(model));
            assertClose(plain, view('base'), valueTolerance, 'the base alone');
            using again = logitsOf(model);
            assertClose(again, view(folder), valueTolerance, 'switched on again');
          }),
        );
      }));

test('the folder that PEFT was given is the one we write', (t) =>
  assertNoLeak(() => {
    const target = temporaryFolder(t);
    using model = adaptedModel(base);
    const weights = new Map(model.namedParameters());
    writeAdapterFiles(target, model, { settings: ownSettings, base: 'models/tiny-bpe', weights });
    for (const name of ['adapter_config.json', 'adapter_model.safetensors'])
      assert.deepEqual(readFileSync(join(target, name)), readFileSync(goldenPath(`lora/ours/${name}`)), name);
  }));

/** A copy of a PEFT folder with keys of its config changed. */
function changed(target: string, change: Readonly<Record<string, unknown>>): string {
  cpSync(goldenPath('lora/peft/list'), target, { recursive: true });
  const file = join(target, 'adapter_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ base_model_name_or_path: base, ...config, ...change }));
  return target;
}

for (const [key, value] of Object.entries({
  use_dora: true,
  modules_to_save: ['lm_head'],
  bias: 'lora_only',
  peft_type: 'LOHA',
  rank_pattern: { q_proj: 8 },
  init_lora_weights: 'pissa',
  a_key_of_later: { on: 1 },
}))
  test(`${key}: ${JSON.stringify(value)} is refused by name`, (t) => {
    const folder = changed(join(temporaryFolder(t), 'adapter'), { [key]: value });
    assert.throws(() => loadCausalLm(folder, { base }), {
      code: 'model-unsupported',
      message: new RegExp(`${key} is ${JSON.stringify(value).replaceAll(/[[\]{}]/g, '\\$&')}`),
    });
  });

test('a base that is not here is named, with what to do', (t) => {
  const folder = changed(join(temporaryFolder(t), 'adapter'), { base_model_name_or_path: '/nowhere/base' });
  assert.throws(() => loadCausalLm(folder), {
    code: 'file-missing',
    message: /\/nowhere\/base/,
    help: /base_model_name_or_path/,
  });
});

test('weights that do not fit config or base are told by key', (t) => {
  const folder = temporaryFolder(t);
  const more = changed(join(folder, 'more'), { target_modules: ['q_proj', 'up_proj', 'o_proj'] });
  assert.throws(() => loadCausalLm(more, { base }), {
    code: 'weights-invalid',
    message: /missing {5}base_model\.model\.model\.layers\.0\.self_attn\.o_proj\.lora_A\.weight/,
  });
  const rank = changed(join(folder, 'rank'), { r: 5 });
  assert.throws(() => loadCausalLm(rank, { base }), { code: 'weights-invalid', message: /other shape .*q_proj/ });
  const other = changed(join(folder, 'other'), {});
  assert.throws(() => loadCausalLm(other, { base: goldenPath('tiny/tied') }), { code: 'weights-invalid' });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noGrad, SafetensorsFile, scope, toTypedArray } from '../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { loadCausalLm } from './load.ts';
import { saveModelFolder } from './save.ts';

/** Loads a fixture and saves it in the element type it was stored in. */
function resave(fixture: string, target: string, options: { shardBytes?: number } = {}): string[] {
  const { model, folder, storedDtype } = loadCausalLm(goldenPath(fixture));
  using _ = model;
  return scope(() =>
    noGrad(() => {
      const weights = new Map(
        [...model.namedParameters()].map(([name, weight]) => [name, weight.toDtype(storedDtype)]),
      );
      return saveModelFolder(target, folder, weights, options);
    }),
  );
}

/** Every stored tensor's bytes, over all files of a folder. */
function contents(folder: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const name of readdirSync(folder).filter((file) => /^model.*\.safetensors$/.test(file))) {
    using file = new SafetensorsFile(join(folder, name));
    const bytes = readFileSync(join(folder, name));
    for (const { name: key, dtype, shape, start, end } of file.header.tensors.values()) {
      assert.ok(!out.has(key), `${key} stands in two files`);
      out.set(key, `${dtype} [${shape}] ${bytes.toString('base64', start, end)}`);
    }
  }
  return out;
}

for (const fixture of ['models/tiny-bpe', 'tiny/tied', 'tiny/biases', 'tiny/bf16-file', 'tiny/sharded'])
  test(`${fixture}: loaded and saved, every tensor is the same bit for bit`, (t) =>
    assertNoLeak(() => {
      const target = join(temporaryFolder(t), 'saved');
      resave(fixture, target);
      assert.deepEqual(contents(target), contents(goldenPath(fixture)));
      assert.ok(statSync(join(target, 'model.safetensors')).size > 0);
    }));

test('what describes the model travels with it byte for byte; what does not stays behind', (t) => {
  const target = join(temporaryFolder(t), 'saved');
  const written = resave('models/babyllama-361-chat', target);
  const companions = [
    'chat_template.jinja',
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  assert.deepEqual(readdirSync(target).sort(), [...companions, 'model.safetensors'].sort());
  assert.deepEqual(written.map((file) => file.slice(target.length + 1)).sort(), readdirSync(target).sort());
  for (const name of companions)
    assert.deepEqual(
      readFileSync(join(target, name)),
      readFileSync(goldenPath(`models/babyllama-361-chat/${name}`)),
      name,
    );
});

test('in shards: none above the limit, each tensor once, and an index that says where', (t) =>
  assertNoLeak(() => {
    const target = join(temporaryFolder(t), 'saved');
    const limit = 100_000;
    resave('models/tiny-bpe', target, { shardBytes: limit });
    const shards = readdirSync(target).filter((name) => name.includes('-of-'));
    assert.equal(readdirSync(target).includes('model.safetensors'), false);
    assert.deepEqual(
      shards,
      shards.map((_, i) => `model-0000${i + 1}-of-0000${shards.length}.safetensors`),
    );
    assert.ok(shards.length >= 4, `${shards.length} shards`);
    const index = JSON.parse(readFileSync(join(target, 'model.safetensors.index.json'), 'utf8')) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    const found: Record<string, string> = {};
    let total = 0;
    for (const name of shards) {
      using file = new SafetensorsFile(join(target, name));
      const sizes = [...file.header.tensors.values()].map(({ start, end }) => end - start);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      assert.ok(bytes <= limit, `${name}: ${bytes} bytes`);
      total += bytes;
      for (const key of file.header.tensors.keys()) found[key] = name;
    }
    assert.deepEqual(index.weight_map, found);
    assert.equal(index.metadata.total_size, total);
    assert.deepEqual(contents(target), contents(goldenPath('models/tiny-bpe')));
  }));

test('a tensor above the limit gets a shard of its own, and a model saved in shards loads as it was', (t) =>
  assertNoLeak(() => {
    const target = join(temporaryFolder(t), 'saved');
    resave('models/tiny-bpe', target, { shardBytes: 1 });
    const original = loadCausalLm(goldenPath('models/tiny-bpe'));
    using _original = original.model;
    const again = loadCausalLm(target);
    using _again = again.model;
    const names = [...original.model.namedParameters()].map(([name]) => name);
    assert.equal(readdirSync(target).filter((name) => name.includes('-of-')).length, names.length);
    const parameters = new Map(again.model.namedParameters());
    for (const [name, parameter] of original.model.namedParameters())
      assert.deepEqual(toTypedArray(parameters.get(name)!), toTypedArray(parameter), name);
  }));

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * Which folder may import which. Arrows point down only; what stands below `tensor` never loads libtorch.
 * `engine` is two things: host and protocol, which everyone may use, and the process's own entry with its verbs.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  support: [],
  scoring: ['support'],
  data: ['support'],
  runs: ['scoring', 'data', 'support'],
  evaluate: ['scoring', 'data', 'runs', 'models/generation/settings', 'support'],
  native: ['support'],
  tensor: ['native', 'support'],
  nn: ['tensor', 'native', 'support'],
  models: ['models/generation/settings', 'models/lora/merge-request', 'nn', 'tensor', 'native', 'data', 'support'],
  train: [
    'evaluate',
    'scoring',
    'models',
    'nn',
    'tensor',
    'native',
    'data',
    'runs',
    'engine/protocol',
    'engine/stopping',
    'support',
  ],
  'models/generation/settings': [],
  'models/lora/merge-request': [],
  'engine/protocol': ['data', 'runs', 'scoring', 'models/generation/settings', 'models/lora/merge-request', 'support'],
  'engine/stopping': ['support'],
  'engine/host': ['engine/protocol', 'support'],
  engine: ['engine/protocol', 'engine/stopping', 'train', 'models', 'models/lora/merge-request', 'native', 'support'],
  client: [
    'evaluate',
    'scoring',
    'models/generation/settings',
    'models/lora/merge-request',
    'engine/host',
    'engine/protocol',
    'engine/stopping',
    'runs',
    'data',
    'train',
    'support',
  ],
  study: ['client', 'evaluate', 'scoring', 'runs', 'native', 'support'],
  index: [
    'client',
    'evaluate',
    'models/generation/settings',
    'models/lora/merge-request',
    'engine/protocol',
    'runs',
    'data',
    'native',
    'support',
  ],
  cli: ['index', 'study', 'evaluate', 'runs', 'data', 'scoring', 'native', 'support'],
};
const source = fileURLToPath(new URL('../src', import.meta.url));

function layerOf(file: string): string {
  const path = relative(source, file).replaceAll('\\', '/').replace(/\.ts$/, '');
  if (path in allowed) return path;
  return path.split('/')[0]!;
}

function* importsOf(file: string): Generator<string> {
  const text = readFileSync(file, 'utf8');
  for (const [, specifier] of text.matchAll(/(?:from\s+|import\s*\(?\s*)'(\.{1,2}\/[^']+)'/g))
    yield resolve(dirname(file), specifier!);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.ts$/.test(entry.name) && !/\.test(-d|\.fixture|\.support)?\.ts$/.test(entry.name) ? [path] : [];
  });
}

test('imports follow the table of layers', () => {
  const wrong: string[] = [];
  for (const file of sources(source)) {
    const layer = layerOf(file);
    if (layer === 'testing') continue;
    const rules = allowed[layer];
    assert.ok(rules, `${relative(source, file)} belongs to no layer of the table`);
    for (const target of importsOf(file)) {
      const other = layerOf(target);
      if (other !== layer && !rules.includes(other))
        wrong.push(`${relative(source, file)} imports ${relative(source, target)}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the table has no cycle', () => {
  const visit = (layer: string, path: readonly string[]): void => {
    assert.ok(!path.includes(layer), `a cycle: ${[...path, layer].join(' → ')}`);
    for (const next of allowed[layer] ?? []) visit(next, [...path, layer]);
  };
  for (const layer of Object.keys(allowed)) visit(layer, []);
});

test('the loop knows no method by name', () => {
  const methods = readdirSync(join(source, 'train/methods')).map((name) => name.replace(/\.ts$/, ''));
  for (const file of ['loop.ts', 'backward.ts', 'vocabulary.ts', 'batch.ts', 'trainable.ts']) {
    const text = readFileSync(join(source, 'train', file), 'utf8').toLowerCase();
    for (const method of methods.filter((name) => name !== 'index'))
      assert.doesNotMatch(text, new RegExp(`\\b${method}\\b`), `${file} names ${method}`);
  }
});

test('nobody calls forward but call itself', () => {
  const wrong = sources(source).filter(
    (file) => /\.forward\(/.test(readFileSync(file, 'utf8')) && !file.endsWith('nn/module.ts'),
  );
  assert.deepEqual(wrong, []);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

/** Of dist, or of the folder these tests were built into. */
const builtPath = (path: string) => fileURLToPath(new URL(path.replace('./dist/', './'), import.meta.url));

test('every entry of the package is there, with its types', () => {
  for (const [name, entry] of Object.entries(exports)) {
    if (typeof entry === 'string') assert.ok(existsSync(`${root}/${entry}`), `${name}: ${entry}`);
    else for (const path of [entry.types, entry.default]) assert.ok(existsSync(builtPath(path)), `${name}: ${path}`);
  }
});

test('importing any entry loads no libtorch, so that it works without one', () => {
  const paths = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [builtPath(entry.default)],
  );
  const program = `for (const path of ${JSON.stringify(paths)}) await import(path); process.stdout.write('imported');`;
  const env = { ...process.env, POSTTRAIN_ADDON: '', POSTTRAIN_TORCH: '/nonexistent', POSTTRAIN_HOME: '/nonexistent' };
  assert.equal(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { env, encoding: 'utf8' }),
    'imported',
  );
});

test('no zod type stands in a public signature', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    assert.doesNotMatch(text, /from 'zod'|import\("zod"\)/, file);
    for (const [, target] of text.matchAll(/from '(\.[^']+)'/g))
      visit(fileURLToPath(new URL(target!.replace(/\.(js|ts)$/, '.d.ts'), `file://${file}`)));
  };
  for (const entry of Object.values(exports)) if (typeof entry !== 'string') visit(builtPath(entry.types));
  assert.ok(seen.size > 50);
});

test('require() of the package works where Node can require modules', {
  skip: canRequireModules() ? false : 'this Node cannot require an ES module',
}, () => {
  const library = createRequire(import.meta.url)(builtPath('./dist/index.js')) as { train: unknown };
  assert.equal(typeof library.train, 'function');
});

function canRequireModules(): boolean {
  return (process.features as { require_module?: boolean }).require_module === true;
}

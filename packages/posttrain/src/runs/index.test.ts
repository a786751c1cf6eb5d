import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Every module that `url` imports statically, packages by their name. */
function staticImports(url: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(url.href)) return seen;
  seen.add(url.href);
  for (const [, name] of readFileSync(url, 'utf8').matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';/gm)) {
    if (name!.startsWith('.')) staticImports(new URL(name!, url), seen);
    else seen.add(name!);
  }
  return seen;
}

test('importing runs loads neither zod nor yaml nor jiti, so that --help stays fast', () => {
  const imported = staticImports(new URL('./index.js', import.meta.url));
  assert.ok(imported.has('node:fs') && imported.size > 15, 'the walk sees imports');
  const packages = [...imported].filter((name) => !name.startsWith('file:') && !name.startsWith('node:'));
  assert.deepEqual(packages, []);
});

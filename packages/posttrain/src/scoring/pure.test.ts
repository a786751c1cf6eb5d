import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const scoring = fileURLToPath(new URL('../../src/scoring', import.meta.url));
const skip = existsSync(scoring) ? false : 'only in the repository';

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') && !entry.name.includes('.test') ? [path] : [];
  });
}

/** Every file that scoring reaches, scoring's own among them, with what it imports. */
function reached(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const queue = sources(scoring);
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (found.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    const imports = [...text.matchAll(/(?:from\s+|import\s*\(?\s*)'([^']+)'/g)].map(([, specifier]) => specifier!);
    found.set(file, imports);
    queue.push(...imports.filter((one) => one.startsWith('.')).map((one) => resolve(dirname(file), one)));
  }
  return found;
}

test('scoring reaches nothing but itself and support, no package and no Node built-in', { skip }, () => {
  const files = reached();
  assert.ok(files.size > 40, 'the sources are found');
  for (const [file, imports] of files) {
    const shown = relative(join(scoring, '..'), file);
    assert.match(shown, /^(scoring|support)\//, `${shown} is outside scoring and support`);
    for (const specifier of imports) assert.ok(specifier.startsWith('.'), `${shown} imports ${specifier}`);
  }
});

test('scoring names nothing that a browser lacks', { skip }, () => {
  for (const file of reached().keys()) {
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
    assert.doesNotMatch(code, /\b(?:process|Buffer|require|__dirname|setImmediate)\b\s*[.(]/, relative(scoring, file));
  }
});

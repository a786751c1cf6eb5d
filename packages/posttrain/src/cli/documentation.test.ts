import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecipe, resolveRecipe } from '../runs/index.ts';

const repository = new URL('../../../../', import.meta.url);
const skip = existsSync(new URL('docs/guide.md', repository)) ? false : 'only in the repository';
const page = (name: string) => readFileSync(new URL(name, repository), 'utf8');
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code!);

test('every recipe in the guide is one', { skip }, async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'posttrain-docs-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const recipes = blocks(page('docs/guide.md'), 'yaml');
  assert.ok(recipes.length > 0);
  for (const text of recipes) {
    const file = join(root, 'recipe.yaml');
    await writeFile(file, text);
    await resolveRecipe(await loadRecipe(file));
  }
});

test('every key that the guide shows in a line of its table is a key', { skip }, async () => {
  const rows = [...page('docs/guide.md').matchAll(/^\| [^|]+ \| ((?:`[^`]+`[^|]*)+) \|$/gm)].map(([, cell]) => cell!);
  const settings = rows.flatMap((cell) => [...cell.matchAll(/`([a-zA-Z]+: [^`]+)`/g)].map(([, code]) => code!));
  assert.ok(settings.length >= 10, 'the table is found');
  const base = { method: 'pretrain', model: 'pocket', data: { train: 'a.jsonl' }, steps: 100, lr: 1 } as const;
  for (const setting of settings) {
    const [key, ...value] = setting.split(': ');
    await loadRecipe(base, [`${key}=${value.join(': ')}`.replace(/^data=\{/, 'data={ train: a.jsonl,')]);
  }
});

test('the README lists the methods there are', { skip }, async () => {
  const listed = [...page('README.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  const schema = page('packages/posttrain/recipe.schema.json');
  const built = [...schema.matchAll(/"method": \{\s*"type": "string",\s*"const": "([a-z-]+)"/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual(listed, built);
});

test('examples that the guide links are there', { skip }, () => {
  const links = [...page('docs/guide.md').matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, path]) => path!);
  assert.ok(links.length >= 4);
  for (const link of links) assert.ok(existsSync(new URL(link, new URL('docs/', repository))), link);
});

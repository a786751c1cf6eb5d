import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url);
const script = new URL('scripts/results.mjs', root);
const skip = existsSync(script) ? false : 'only in the repository';

interface Results {
  pages(): string[];
  remade(text: string): string;
}

test('every block of figures in README, docs and studies is what the stored results say', { skip }, async () => {
  const { pages, remade } = (await import(script.href)) as Results;
  let blocks = 0;
  for (const page of pages()) {
    const text = readFileSync(new URL(page, root), 'utf8');
    const begun = text.match(/<!-- results:begin \S+ -->/g)?.length ?? 0;
    assert.equal(text.match(/<!-- results:(?!begin \S+ -->)/g)?.length ?? 0, begun, `${page}: marks come in pairs`);
    assert.ok(remade(text) === text, `${page}: run node scripts/results.mjs`);
    blocks += begun;
  }
  assert.ok(blocks >= 4);
});

test('a mark of no known block is refused', { skip }, async () => {
  const { remade } = (await import(script.href)) as Results;
  assert.throws(() => remade('<!-- results:begin luck -->\nx\n<!-- results:end -->'), {
    message: /^There is no block "luck"; known are measured, degenerate,/,
  });
});

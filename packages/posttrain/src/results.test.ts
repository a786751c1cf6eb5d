import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url);
const script = new URL('scripts/results.mjs', root);
const skip = existsSync(script) ? false : 'only in the repository';

test('every figure under "Measured" in the README comes from a stored result', { skip }, async () => {
  const { resultsBlock } = (await import(script.href)) as { resultsBlock(): string };
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const block = /<!-- results:begin -->\n([\s\S]*?)\n<!-- results:end -->/.exec(readme)?.[1];
  assert.equal(block, resultsBlock(), 'run node scripts/results.mjs');
});

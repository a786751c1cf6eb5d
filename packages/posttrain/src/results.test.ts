import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url);
const script = new URL('scripts/results.mjs', root);
const skip = existsSync(script) ? false : 'only in the repository';

test('every figure under "Measured" comes from a stored result', { skip }, async () => {
  const { resultsBlock, kernelsBlock } = (await import(script.href)) as Record<string, () => string>;
  for (const [file, block] of [
    ['README.md', resultsBlock!],
    ['docs/speed.md', kernelsBlock!],
  ] as const) {
    const text = readFileSync(new URL(file, root), 'utf8');
    const written = /<!-- results:begin -->\n([\s\S]*?)\n<!-- results:end -->/.exec(text)?.[1];
    assert.equal(written, block(), `${file}: run node scripts/results.mjs`);
  }
});

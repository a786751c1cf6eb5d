import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };

test('merge: the difference of logits is told, beyond the tolerance nothing is written, and what is there stays', (t) => {
  const cwd = temporaryFolder(t);
  const merge = (...args: string[]) => {
    const words = [main, 'merge', goldenPath('lora/ours'), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd, env, encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  const base = ['--base', goldenPath('models/tiny-bpe')];

  const lacking = merge('--out', 'merged');
  assert.equal(lacking.code, 1);
  assert.match(lacking.err, /base of the adapter .*lora\/ours is not here: models\/tiny-bpe/);

  const refused = merge('--out', 'merged', ...base, '--tolerance', '0');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /of the largest logit away .* 0 is allowed\. Nothing was written/);
  assert.deepEqual(readdirSync(cwd), []);

  const { code, out, err } = merge('--out', 'merged', ...base);
  assert.equal(code, 0, err);
  assert.match(
    out,
    /logits +merged and unmerged differ by at most [\d.]+e-\d of the largest logit \(allowed: 0\.0001\)/,
  );
  const names = readdirSync(join(cwd, 'merged'));
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
    assert.ok(names.includes(name), names.join());

  const again = merge('--out', 'merged', ...base);
  assert.equal(again.code, 1);
  assert.match(again.err, /is there already/);
});

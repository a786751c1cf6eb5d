import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { PosttrainErrorCode } from '../support/errors.ts';
import { exitCodeOf } from './exit-codes.ts';

// The compiled test stands as deep below the package as its source, so both find the repository's files.
const repository = new URL('../../../../', import.meta.url);
const page = new URL('docs/errors.md', repository);
const union = new URL('packages/posttrain/src/support/errors.ts', repository);
const skip = existsSync(page) && existsSync(union) ? false : 'only in the repository';

const codes = () => [...readFileSync(union, 'utf8').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code]) => code!);
const documented = () =>
  [...readFileSync(page, 'utf8').matchAll(/^\| `([a-z-]+)` \|.*\| (\d) \|$/gm)].map(([, code, exit]) => ({
    code: code!,
    exit: Number(exit),
  }));

test('docs/errors.md has one row for each error code, and no other', { skip }, () => {
  assert.ok(codes().length > 30, 'the codes are found in the source');
  assert.deepEqual(
    documented()
      .map(({ code }) => code)
      .sort(),
    codes().sort(),
  );
});

test('the page and the command line agree on the exit code of each', { skip }, () => {
  for (const { code, exit } of documented()) assert.equal(exitCodeOf(code as PosttrainErrorCode), exit, code);
});

test('mistakes of the call end in 2, of the machine in 3, all others in 1', () => {
  assert.equal(exitCodeOf('recipe-invalid'), 2);
  assert.equal(exitCodeOf('usage'), 2);
  assert.equal(exitCodeOf('torch-missing'), 3);
  assert.equal(exitCodeOf('pip-missing'), 3);
  assert.equal(exitCodeOf('engine-died'), 1);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { memory, randn, scope, trimMemory } from '../tensor/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { arenaWanted } from './arena-switch.ts';
import { findCompiler } from './compiler.ts';
import { nativeSources } from './python.ts';
import { run } from './subprocess.ts';

const onLinux = { skip: process.platform === 'linux' ? false : 'needs /proc' };

/** Builds and runs native/tests/arena-stress.cc. @returns what it printed */
async function stress(t: TestContext, flags: readonly string[]): Promise<string | null> {
  const compiler = await findCompiler();
  if (!compiler) {
    t.skip('a C++ compiler is missing');
    return null;
  }
  const program = join(temporaryFolder(t), 'stress');
  const sources = [join('tests', 'arena-stress.cc'), 'arena.cc'].map((file) => join(nativeSources, file));
  const args = [...compiler.leading, '-std=c++20', '-O1', '-g', '-pthread', ...flags, ...sources, '-o', program];
  const built = await run(compiler.program, args, { env: process.env });
  if (built.code !== 0 && flags.length > 0 && /cannot find|unsupported/.test(built.stderr)) {
    t.skip('the compiler has no sanitizers');
    return null;
  }
  assert.equal(built.code, 0, built.stderr);
  const { code, stdout, stderr } = await run(program, [], { env: process.env });
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

test(
  'a step finds its blocks where the last one left them, without page faults, until they are trimmed',
  onLinux,
  async (t) => {
    const said = await stress(t, []);
    if (said === null) return;
    const figure = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(said)![1]);
    assert.ok(figure('faults of a steady step') <= 4, said);
    assert.ok(figure('faults after a trim') >= 8, said);
  },
);

for (const sanitizer of ['thread', 'address,undefined'])
  test(
    `threads that take and give back blocks: content, neighbours and ends hold (-fsanitize=${sanitizer})`,
    onLinux,
    async (t) => {
      const said = await stress(t, [`-fsanitize=${sanitizer}`]);
      if (said !== null) assert.match(said, /done/);
    },
  );

test('large tensors live in the arena, small ones do not, and all leave it when they are freed', onLinux, () => {
  const before = memory().arenaUsed;
  scope(() => {
    randn([256, 256]); // 256 KiB
    assert.equal(memory().arenaUsed, before + (256 << 10));
    randn([16, 16]);
    assert.equal(memory().arenaUsed, before + (256 << 10));
  });
  assert.equal(memory().arenaUsed, before);
});

test('trimming gives memory back to the system, and leaves live tensors whole', onLinux, () => {
  scope(() => {
    const kept = randn([256, 1024]); // 1 MB
    const sum = kept.sumAll().item();
    scope(() => void randn([4096, 4096])); // 64 MB
    const full = process.memoryUsage.rss();
    trimMemory();
    const freed = full - process.memoryUsage.rss();
    assert.ok(freed > 50e6, `${freed} bytes came back`);
    assert.equal(kept.sumAll().item(), sum);
  });
});

test('POSTTRAIN_ARENA is on or off, and nothing else', () => {
  assert.deepEqual([undefined, '', 'on', 'off'].map(arenaWanted), [true, true, true, false]);
  assert.throws(() => arenaWanted('no'), { code: 'usage', message: 'POSTTRAIN_ARENA is no.' });
});

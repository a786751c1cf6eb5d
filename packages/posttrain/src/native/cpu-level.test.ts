import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuLevel as levelOf } from './cpu-level.ts';

const cpuLevel = (cpuinfo: string, forced = '') => levelOf(cpuinfo, forced);

const v3 = 'avx avx2 bmi1 bmi2 f16c fma abm movbe';
const avx512 = 'avx512f avx512bw avx512cd avx512dq avx512vl';

test('each level needs all its features and those of the level below', () => {
  assert.equal(cpuLevel('processor\t: 0\nflags\t\t: fpu sse2\n'), 'baseline');
  assert.equal(cpuLevel(`flags\t\t: fpu ${v3}\n`), 'x86-64-v3');
  assert.equal(cpuLevel(`flags\t\t: fpu ${v3.replace(' fma', '')}\n`), 'baseline');
  assert.equal(cpuLevel(`flags\t\t: fpu ${v3} ${avx512}\n`), 'x86-64-v3');
  assert.equal(cpuLevel(`flags\t\t: fpu ${v3} ${avx512} avx512_bf16\n`), 'avx512-bf16');
  assert.equal(cpuLevel(`flags\t\t: fpu ${avx512} avx512_bf16\n`), 'baseline');
  assert.equal(cpuLevel(''), 'baseline');
});

test('a level can be forced down, never up', () => {
  const machine = `flags\t\t: fpu ${v3}\n`;
  assert.equal(cpuLevel(machine, 'baseline'), 'baseline');
  assert.equal(cpuLevel(machine, 'x86-64-v3'), 'x86-64-v3');
  assert.throws(() => cpuLevel(machine, 'avx512-bf16'), {
    code: 'usage',
    message: 'POSTTRAIN_CPU_LEVEL is avx512-bf16, but this processor has no more than x86-64-v3.',
    help: 'levels of this processor: baseline, x86-64-v3',
  });
  assert.throws(() => cpuLevel(machine, 'sse9'), {
    code: 'usage',
    message: 'POSTTRAIN_CPU_LEVEL is sse9, which is no CPU level.',
  });
});

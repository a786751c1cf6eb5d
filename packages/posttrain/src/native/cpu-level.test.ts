import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuLevel } from './cpu-level.ts';

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

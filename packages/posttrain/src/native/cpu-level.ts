import { readFileSync } from 'node:fs';

/** The instruction sets that kernels are compiled for; each includes those before it. */
export type CpuLevel = 'baseline' | 'x86-64-v3' | 'avx512-bf16';

/** Linux's names of what each level adds (the x86-64 psABI's v3; Intel's AVX512 set with BF16). */
const needs: readonly (readonly [CpuLevel, readonly string[]])[] = [
  ['x86-64-v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['avx512-bf16', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl', 'avx512_bf16']],
];

/** The highest level that a `/proc/cpuinfo` admits; `baseline` without one, as on macOS and Windows. */
export function cpuLevel(cpuinfo: string = readCpuinfo()): CpuLevel {
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(' '));
  let level: CpuLevel = 'baseline';
  for (const [name, features] of needs) {
    if (!features.every((feature) => flags.has(feature))) break;
    level = name;
  }
  return level;
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

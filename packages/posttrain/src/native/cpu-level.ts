import { readFileSync } from 'node:fs';
import { PosttrainError } from '../support/errors.ts';

/** The instruction sets that kernels are compiled for; each includes those before it. */
export type CpuLevel = 'baseline' | 'x86-64-v3' | 'avx512-bf16';

/** Linux's names of what each level adds (the x86-64 psABI's v3; Intel's AVX512 set with BF16). */
const needs: readonly (readonly [CpuLevel, readonly string[]])[] = [
  ['x86-64-v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['avx512-bf16', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl', 'avx512_bf16']],
];

const levels: readonly CpuLevel[] = ['baseline', ...needs.map(([level]) => level)];

/**
 * The level that this process computes at: `$POSTTRAIN_CPU_LEVEL`, or the highest that the processor has.
 * @throws usage where the variable names no level, or one that the processor lacks.
 */
export function cpuLevel(
  cpuinfo: string = readCpuinfo(),
  forced: string | undefined = process.env['POSTTRAIN_CPU_LEVEL'],
): CpuLevel {
  const highest = highestLevel(cpuinfo);
  if (!forced) return highest;
  const asked = levels.find((level) => level === forced);
  if (asked && levels.indexOf(asked) <= levels.indexOf(highest)) return asked;
  const why = asked ? `but this processor has no more than ${highest}` : 'which is no CPU level';
  throw new PosttrainError('usage', `POSTTRAIN_CPU_LEVEL is ${forced}, ${why}.`, {
    help: `levels of this processor: ${levelsUpTo(highest).join(', ')}`,
  });
}

/** This level and those below it, the lowest first. */
export function levelsUpTo(level: CpuLevel): readonly CpuLevel[] {
  return levels.slice(0, levels.indexOf(level) + 1);
}

/** The highest level that a `/proc/cpuinfo` admits; `baseline` without one, as on macOS and Windows. */
function highestLevel(cpuinfo: string): CpuLevel {
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

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Torch } from './torch-probe.ts';

/** One compilation. A file of `kernels/` is several: one for each CPU level. */
export interface SourceFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** From a first line `// flags: …` (any machine) or `// flags x64: …` (that value of `process.arch` only), and the level's. */
  readonly flags: readonly string[];
  /** SHA-256 over the names and contents of the headers that it may include. */
  readonly headers: string;
}

export interface AddonSources {
  readonly folder: string;
  readonly files: readonly SourceFile[];
}

/**
 * How kernels are compiled. The compiler may vectorise loops and fuse multiplications with additions; it may not assume
 * that NaN and Inf never occur, nor reorder sums: both are promises of the kernels.
 */
const kernelFlags = ['-O3', '-fno-math-errno', '-fno-trapping-math'];
const v3Flags = ['-march=x86-64-v3'];
const avx512Flags = ['f', 'bw', 'cd', 'dq', 'vl', 'bf16'].map((part) => `-mavx512${part}`);

/** The flags of each CPU level by its namespace in C++; processors other than x64 have the portable one alone. */
export function kernelLevels(arch: string = process.arch): Readonly<Record<string, readonly string[]>> {
  if (arch !== 'x64') return { baseline: [] };
  return { baseline: [], v3: v3Flags, avx512_bf16: [...v3Flags, ...avx512Flags, '-mprefer-vector-width=512'] };
}

/** Reads the addon's C++ sources; their order is that of their names, on every machine. */
export function readSources(folder: string, arch: string = process.arch): AddonSources {
  const kernels = readFolder(folder, 'kernels', '');
  const plain = readFolder(folder, '', kernels.headers);
  const levels = Object.entries(kernelLevels(arch));
  const perLevel = kernels.files.flatMap((file) =>
    levels.map(([level, flags]) => ({
      ...file,
      name: `${file.name} (${level})`,
      flags: [...kernelFlags, `-DPOSTTRAIN_LEVEL=${level}`, ...flags, ...file.flags],
    })),
  );
  return { folder, files: [...plain.files, ...perLevel] };
}

/** The sources of one folder; its headers count together with those it includes from below. */
function readFolder(root: string, folder: string, below: string): { files: SourceFile[]; headers: string } {
  if (!existsSync(join(root, folder))) return { files: [], headers: '' };
  const names = readdirSync(join(root, folder)).sort();
  const read = (name: string) => readFileSync(join(root, folder, name), 'utf8');
  const headers = digest([
    below,
    ...names.filter((name) => /\.(h|hpp|inc)$/.test(name)).flatMap((name) => [name, read(name)]),
  ]);
  const sources = names.filter((name) => name.endsWith('.cc'));
  const files = sources.map((name) => ({
    name: folder === '' ? name : `${folder}/${name}`,
    path: join(root, folder, name),
    text: read(name),
    flags: fileFlags(read(name)),
    headers,
  }));
  return { files, headers };
}

/** The extra compile flags that a source file asks for in its leading comment lines. */
export function fileFlags(text: string, arch: string = process.arch): string[] {
  const leading = /^(?:\/\/.*\n)*/.exec(text)![0];
  const lines = [...leading.matchAll(/^\/\/ flags(?: (\w+))?: (.+)$/gm)];
  return lines
    .filter(([, only]) => only === undefined || only === arch)
    .flatMap(([, , flags]) => flags!.trim().split(/\s+/));
}

/** How every file is compiled for this libtorch. */
export function compileFlags(torch: Torch): string[] {
  const include = join(torch.path, 'include');
  const headers = [include, join(include, 'torch', 'csrc', 'api', 'include'), nodeApiHeaders()];
  const abi = process.platform === 'linux' ? ['-D_GLIBCXX_USE_CXX11_ABI=1'] : [];
  // -isystem: warnings in others' headers are not ours to read.
  return [
    '-std=c++20',
    '-O2',
    '-fPIC',
    '-fvisibility=hidden',
    '-pthread',
    ...abi,
    ...headers.flatMap((folder) => ['-isystem', folder]),
  ];
}

/** How the objects are linked; libtorch is found at run time where it is now, by rpath. */
export function linkFlags(torch: Torch): string[] {
  const libraries = join(torch.path, 'lib');
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  return ['-shared', '-pthread', ...platform, '-L', libraries, '-ltorch_cpu', '-lc10', `-Wl,-rpath,${libraries}`];
}

/** Identifies what is built, all but the compiler: torch's version and place, platform, flags, sources. */
export function buildKey(torch: Torch, sources: AddonSources): string {
  const { version } = torch;
  const contents = sources.files.flatMap((file) => [file.name, ...file.flags, file.headers, file.text]);
  const flags = [...compileFlags(torch), ...linkFlags(torch)];
  return digest([version, process.platform, process.arch, ...flags, ...contents]).slice(0, 16);
}

/** SHA-256 of a list of strings, told apart whatever they contain. */
export function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const nodeApiHeaders = () =>
  join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');

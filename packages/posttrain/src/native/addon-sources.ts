import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Torch } from './torch-probe.ts';

export interface SourceFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** From a first line `// flags: …` (any machine) or `// flags x64: …` (that value of `process.arch` only). */
  readonly flags: readonly string[];
}

export interface AddonSources {
  readonly folder: string;
  readonly files: readonly SourceFile[];
  /** SHA-256 over the names and contents of the headers. */
  readonly headers: string;
}

/** Reads the addon's C++ sources; their order is that of their names, on every machine. */
export function readSources(folder: string): AddonSources {
  const names = readdirSync(folder).sort();
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const files = names
    .filter((name) => name.endsWith('.cc'))
    .map((name) => ({ name, path: join(folder, name), text: read(name), flags: fileFlags(read(name)) }));
  const headers = names.filter((name) => /\.(h|hpp|inc)$/.test(name)).flatMap((name) => [name, read(name)]);
  return { folder, files, headers: digest(headers) };
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
export function linkFlags(torch: Torch, files: readonly SourceFile[]): string[] {
  const libraries = join(torch.path, 'lib');
  const openmp = files.some((file) => file.flags.includes('-fopenmp')) ? ['-fopenmp'] : [];
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  return [
    '-shared',
    '-pthread',
    ...openmp,
    ...platform,
    '-L',
    libraries,
    '-ltorch_cpu',
    '-lc10',
    `-Wl,-rpath,${libraries}`,
  ];
}

/** Identifies what is built, all but the compiler: torch's version and place, platform, flags, sources. */
export function buildKey(torch: Torch, sources: AddonSources): string {
  const { version } = torch;
  const contents = sources.files.flatMap((file) => [file.name, file.text]);
  const flags = [...compileFlags(torch), ...linkFlags(torch, sources.files)];
  return digest([version, process.platform, process.arch, ...flags, sources.headers, ...contents]).slice(0, 16);
}

/** SHA-256 of a list of strings, told apart whatever they contain. */
export function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const nodeApiHeaders = () =>
  join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');

import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import {
  type AddonSources,
  buildKey,
  compileFlags,
  digest,
  linkFlags,
  readSources,
  type SourceFile,
} from './addon-sources.ts';
import { type Compiler, requireCompiler } from './compiler.ts';
import { withLock } from './file-lock.ts';
import type { Folders } from './folders.ts';
import { nativeSources } from './python.ts';
import { makePrivateFolder, requirePrivate } from './safe-folder.ts';
import type { OnSetupProgress } from './setup-progress.ts';
import { run } from './subprocess.ts';
import type { Torch } from './torch-probe.ts';

export interface BuildOptions {
  readonly folders: Folders;
  readonly env: NodeJS.ProcessEnv;
  /** The folder of the C++ sources; the package's own unless a test says otherwise. */
  readonly sources?: string | undefined;
  /** Compile even what the cache holds. */
  readonly force?: boolean | undefined;
  readonly onProgress?: OnSetupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one compiler at -O2 takes on the largest file that includes ATen, in bytes. */
const COMPILER_MEMORY = 1.2e9;
const OBJECT_DAYS = 14;

/** The addon already built for this libtorch and these sources, or null. Needs no compiler. @throws `folder-unsafe` */
export function builtAddon(torch: Torch, folders: Folders, sources = nativeSources): string | null {
  const folder = addonFolder(torch, folders, readSources(sources));
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.node')) : [];
  const newest = names.map((name) => join(folder, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) return null;
  for (const path of [folders.cache, join(folders.cache, 'addons'), folder, newest]) requirePrivate(path);
  return newest;
}

function addonFolder(torch: Torch, folders: Folders, sources: AddonSources): string {
  return join(
    folders.cache,
    'addons',
    `${torch.version}-${process.platform}-${process.arch}-${buildKey(torch, sources)}`,
  );
}

/**
 * Compiles the native addon for this libtorch, or returns the one in the cache, whose key covers torch's version and
 * place, platform, compiler, flags and sources. One process builds at a time; the others wait and find it built.
 * @throws PosttrainError `compiler-missing`, `addon-build-failed`, `folder-unsafe`, `file-unwritable`, `aborted`
 */
export async function buildAddon(torch: Torch, options: BuildOptions): Promise<string> {
  const sources = readSources(options.sources ?? nativeSources);
  const compiler = await requireCompiler(options.env);
  const folder = addonFolder(torch, options.folders, sources);
  const addon = join(folder, `posttrain-${digest([compiler.version]).slice(0, 8)}.node`);
  for (const part of [options.folders.cache, join(options.folders.cache, 'addons'), folder]) makePrivateFolder(part);
  if (existsSync(addon) && !options.force) {
    requirePrivate(addon);
    return addon;
  }
  const { onProgress, signal } = options;
  const onWait = () => onProgress?.({ phase: 'wait', done: 0, total: 0, detail: 'it is compiling the addon' });
  const body = async (waited: boolean) => {
    if (existsSync(addon) && (waited || !options.force)) return;
    const build = { torch, sources, compiler, options, log: join(folder, 'build.log') };
    await link(await compileAll(build), addon, build);
  };
  await withLock(join(folder, '.lock'), body, { signal, onWait });
  requirePrivate(addon);
  return addon;
}

interface Build {
  readonly torch: Torch;
  readonly sources: AddonSources;
  readonly compiler: Compiler;
  readonly options: BuildOptions;
  readonly log: string;
}

/** Object files by the hash of all that goes into them, so that a changed source costs one compilation. */
async function compileAll(build: Build): Promise<string[]> {
  const { sources, options, compiler, torch } = build;
  const folder = join(options.folders.cache, 'addons', 'objects');
  makePrivateFolder(folder);
  const flags = compileFlags(torch);
  const object = (file: SourceFile) =>
    join(folder, `${digest([compiler.version, torch.version, ...flags, ...file.flags, file.headers, file.text])}.o`);
  const queue = sources.files.filter((file) => options.force || !existsSync(object(file)));
  const total = queue.length;
  let done = 0;
  const worker = async (signal: AbortSignal) => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      options.onProgress?.({ phase: 'compile', done, total, detail: file.name });
      const temporary = `${object(file)}.${process.pid}`;
      const args = [...flags, ...file.flags, '-c', file.path, '-o', temporary];
      await runCompiler(args, `${file.name} does not compile`, build, signal);
      renameSync(temporary, object(file));
      done += 1;
    }
  };
  const workers = Math.max(1, Math.min(availableParallelism(), total, Math.floor(freemem() / COMPILER_MEMORY)));
  await together(workers, worker, options.signal);
  const objects = sources.files.map(object);
  prune(folder, objects);
  return objects;
}

/** Runs `count` workers; the first failure stops the others, and is thrown once all have ended. */
async function together(
  count: number,
  worker: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal | undefined,
): Promise<void> {
  const failed = new AbortController();
  const signal = outer ? AbortSignal.any([outer, failed.signal]) : failed.signal;
  let first: unknown;
  const guarded = async () => {
    try {
      await worker(signal);
    } catch (error) {
      first ??= error;
      failed.abort();
    }
  };
  await Promise.all(Array.from({ length: count }, guarded));
  if (first !== undefined) throw first;
}

async function link(objects: readonly string[], addon: string, build: Build): Promise<void> {
  const { options, torch } = build;
  options.onProgress?.({ phase: 'link', done: 0, total: 0 });
  const temporary = `${addon}.${process.pid}`;
  const args = [...objects, ...linkFlags(torch), '-o', temporary];
  await runCompiler(args, 'The addon does not link', build, options.signal);
  renameSync(temporary, addon);
}

async function runCompiler(
  args: readonly string[],
  what: string,
  build: Build,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { compiler, options, log, torch } = build;
  const output = args.at(-1)!;
  // Its errors are searched for, so they must be in English.
  const env = { ...options.env, LC_ALL: 'C' };
  const { code, stdout, stderr } = await run(compiler.program, [...compiler.leading, ...args], {
    env,
    signal,
  }).finally(() => signal?.aborted && rmSync(output, { force: true }));
  if (code === 0) return;
  const words = `${stdout}${stderr}`;
  writeFileSync(log, `${compiler.program} ${args.join(' ')}\n${words}`);
  rmSync(output, { force: true });
  throw new PosttrainError(
    'addon-build-failed',
    `${what} with ${compiler.version}, against PyTorch ${torch.version}:\n${firstErrors(words)}`,
    {
      help: `The whole output is in ${log}\nGCC 11 or Clang 14 is the oldest that will do; $CXX names another compiler.`,
      data: { log, compiler: compiler.version },
    },
  );
}

/** The first lines of a compiler's output that carry an error, else its last lines. */
function firstErrors(output: string, count = 4): string {
  const lines = output.split('\n').filter((line) => line.trim());
  const errors = lines.filter((line) => /\berror\b|undefined reference|cannot find|Killed/i.test(line));
  return (errors.length > 0 ? errors.slice(0, count) : lines.slice(-count)).map((line) => `  ${line}`).join('\n');
}

/** Objects of sources that no build has used for a while. */
function prune(folder: string, used: readonly string[]): void {
  const now = Date.now();
  for (const object of used) utimesSync(object, now / 1000, now / 1000);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && now - stat.mtimeMs > OBJECT_DAYS * 86_400_000) rmSync(path, { force: true });
  }
}

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { type BuildOptions, buildAddon, builtAddon } from './addon-build.ts';
import { fileFlags, readSources } from './addon-sources.ts';
import { findCompiler, requireCompiler } from './compiler.ts';
import { fakeTorch, script, temporaryFolder, writeTree } from './fake-wheel.test.fixture.ts';
import { findFolders } from './folders.ts';
import type { SetupProgress } from './setup-progress.ts';
import { run } from './subprocess.ts';
import { probeTorch, type Torch, torchLibrary } from './torch-probe.ts';

const compiler = process.platform === 'win32' ? null : await findCompiler();
const needsCompiler = { skip: compiler ? false : 'a C++ compiler is missing' };

const answerSource = `// A comment before the flags.
// flags: -DANSWER=42
// flags vax: -DANSWER=0
#include <node_api.h>
#include "question.h"
extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value) {
  napi_value answer;
  napi_create_int32(env, ANSWER + question(), &answer);
  return answer;
}
`;
const questionSource = `#include "question.h"
#ifdef ANSWER
#error flags of one file must not reach another
#endif
int question() { return 0; }
`;

interface Place {
  readonly home: string;
  readonly torch: Torch;
  readonly sources: string;
  readonly options: BuildOptions;
  readonly events: SetupProgress[];
}

/** A shared library with nothing in it: all that linking asks of libtorch here. */
async function emptyLibrary(): Promise<Buffer> {
  if (!compiler) return Buffer.alloc(0);
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-test-'));
  writeFileSync(join(folder, 'empty.cc'), '');
  const output = join(folder, 'empty.so');
  await run(compiler.program, [...compiler.leading, '-shared', '-fPIC', join(folder, 'empty.cc'), '-o', output]);
  const library = readFileSync(output);
  rmSync(folder, { recursive: true });
  return library;
}

const library = await emptyLibrary();

/** A libtorch that is empty but links, two source files, and a home of its own. */
function place(t: TestContext): Place {
  const home = temporaryFolder(t);
  const path = fakeTorch(join(home, 'site'));
  writeFileSync(join(path, 'lib', torchLibrary), library);
  writeFileSync(join(path, 'lib', torchLibrary.replace('torch_cpu', 'c10')), library);
  const sources = join(home, 'sources');
  writeTree(sources, { 'answer.cc': answerSource, 'question.cc': questionSource, 'question.h': 'int question();\n' });
  const events: SetupProgress[] = [];
  const env = { ...process.env, POSTTRAIN_HOME: join(home, 'posttrain') };
  const folders = findFolders({ env });
  const options = { env, folders, sources, onProgress: (event: SetupProgress) => events.push(event) };
  return { home, torch: probeTorch(path), sources, options, events };
}

async function failure(promise: Promise<unknown>): Promise<PosttrainError> {
  const error = await promise.then(
    () => assert.fail('it should fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(PosttrainError.is(error), String(error));
  return error;
}

const compiled = (events: readonly SetupProgress[]) =>
  events.filter((event) => event.phase === 'compile').map((event) => event.detail);

test('the addon is built, loads, and each file has only its own flags', needsCompiler, async (t) => {
  const { torch, sources, options, events } = place(t);
  const addon = await buildAddon(torch, options);
  assert.equal(createRequire(import.meta.url)(addon), 42);
  assert.deepEqual(compiled(events).sort(), ['answer.cc', 'question.cc']);
  assert.equal(builtAddon(torch, options.folders, sources), addon);
  assert.equal(statSync(join(addon, '..')).mode & 0o777, 0o700);
  assert.deepEqual(
    readdirSync(join(addon, '..')).filter((name) => !name.endsWith('.node')),
    [],
    'neither lock nor temporary files remain',
  );
});

test(
  'what is built is found again; a changed source costs one compilation, a changed header all',
  needsCompiler,
  async (t) => {
    const { torch, sources, options, events } = place(t);
    const first = await buildAddon(torch, options);
    events.length = 0;
    assert.equal(await buildAddon(torch, options), first);
    assert.deepEqual(events, []);

    writeFileSync(join(sources, 'question.cc'), questionSource.replace('return 0', 'return 1'));
    assert.equal(builtAddon(torch, options.folders, sources), null);
    const second = await buildAddon(torch, options);
    assert.deepEqual(compiled(events), ['question.cc']);
    assert.equal(createRequire(import.meta.url)(second), 43);

    events.length = 0;
    writeFileSync(join(sources, 'question.h'), 'int question();\nint other();\n');
    await buildAddon(torch, options);
    assert.deepEqual(compiled(events).sort(), ['answer.cc', 'question.cc']);
  },
);

test('two builds at once compile once', needsCompiler, async (t) => {
  const { torch, options, events } = place(t);
  const [first, second] = await Promise.all([buildAddon(torch, options), buildAddon(torch, options)]);
  assert.equal(first, second);
  assert.equal(compiled(events).length, 2);
  assert.ok(events.some((event) => event.phase === 'wait'));
});

test('a file that does not compile is named with the first error, and the output is kept', needsCompiler, async (t) => {
  const { home, torch, sources, options } = place(t);
  writeFileSync(join(sources, 'question.cc'), `${questionSource}int broken() { return undeclared; }\n`);
  const error = await failure(buildAddon(torch, options));
  assert.equal(error.code, 'addon-build-failed');
  const [what, where] = error.message.split('\n');
  assert.equal(what, `question.cc does not compile with ${compiler?.version}, against PyTorch 2.13.0:`);
  assert.match(where ?? '', /question\.cc:6:\d+: error: .*undeclared/);
  assert.match(error.help ?? '', /^The whole output is in .*build\.log\n/);
  assert.match(readFileSync(String(error.data?.['log']), 'utf8'), /-std=c\+\+20 .*question\.cc/);
  const addons = join(home, 'posttrain', 'cache', 'addons');
  const left = readdirSync(addons, { recursive: true }).map(String);
  assert.deepEqual(
    left.filter((name) => name.endsWith('.node') || name.endsWith('.lock')),
    [],
  );
});

test('a missing libtorch library is a link error that names it', needsCompiler, async (t) => {
  const { torch, options } = place(t);
  writeFileSync(join(torch.path, 'lib', torchLibrary), 'text, no library');
  const error = await failure(buildAddon(torch, options));
  assert.equal(error.code, 'addon-build-failed');
  assert.match(error.message, /^The addon does not link with /);
});

test('without a compiler, the message says how to get one, and nothing is written', async (t) => {
  const { home, torch, options } = place(t);
  const env = { PATH: join(home, 'nothing') };
  const error = await failure(buildAddon(torch, { ...options, env }));
  assert.equal(error.code, 'compiler-missing');
  assert.equal(error.message, 'No C++ compiler was found (tried c++, g++, clang++ on the PATH).');
  assert.match(error.help ?? '', /once, in under a minute\.\nDebian, Ubuntu: sudo apt install g\+\+/);
  assert.equal(existsSync(options.folders.cache), false);
  const onMac = await failure(requireCompiler(env, 'darwin'));
  assert.match(onMac.help ?? '', /xcode-select --install$/);
});

test('$CXX is used alone and may carry a launcher', needsCompiler, async (t) => {
  const { home } = place(t);
  const error = await failure(requireCompiler({ ...process.env, CXX: 'no-such-compiler' }));
  assert.equal(error.message, 'No C++ compiler was found ($CXX is no-such-compiler, which does not run).');
  const launcher = script(join(home, 'launcher'), 'exec "$@"');
  const found = await findCompiler({ ...process.env, CXX: `${launcher} ${compiler?.program}` });
  assert.deepEqual(found, { program: launcher, leading: [compiler?.program], version: compiler?.version });
});

test('an addon in a folder that others may write to is not loaded', needsCompiler, async (t) => {
  const { torch, sources, options } = place(t);
  const folder = join(await buildAddon(torch, options), '..');
  chmodSync(folder, 0o777);
  const message = `Code is not loaded from ${folder}: others may write to it (mode 777).`;
  const expected = {
    code: 'folder-unsafe',
    message,
    help: `If it is yours: chmod go-w ${folder}\nElse set POSTTRAIN_HOME to a folder of your own.`,
  };
  assert.throws(() => builtAddon(torch, options.folders, sources), expected);
  await assert.rejects(buildAddon(torch, options), expected);
  chmodSync(folder, 0o700);
  chmodSync(options.folders.cache, 0o770);
  assert.throws(() => builtAddon(torch, options.folders, sources), { code: 'folder-unsafe' });
});

test('a cache folder that cannot be made is named', needsCompiler, async (t) => {
  const { home, torch, options } = place(t);
  mkdirSync(join(home, 'posttrain'));
  writeFileSync(join(home, 'posttrain', 'cache'), 'a file where a folder should be');
  const error = await failure(buildAddon(torch, options));
  assert.equal(error.code, 'file-unwritable');
  assert.match(error.message, /^The folder cannot be made: /);
});

test('flags are read from leading comments only, and by processor', () => {
  const text =
    '// Kernels.\n// flags: -fopenmp -O3\n// flags x64: -mavx2\n// flags arm64: -mcpu=native\n\n// flags: -no\n';
  assert.deepEqual(fileFlags(text, 'x64'), ['-fopenmp', '-O3', '-mavx2']);
  assert.deepEqual(fileFlags(text, 'arm64'), ['-fopenmp', '-O3', '-mcpu=native']);
  assert.deepEqual(fileFlags('#include <x>\n// flags: -no\n'), []);
});

test('kernels are compiled once for each level, with the flags of the level and never those that hide NaN', (t) => {
  const sources = temporaryFolder(t);
  writeTree(sources, { 'addon.cc': 'int addon;\n', 'kernels/norm.cc': 'int norm;\n', 'kernels/norm.h': 'int x;\n' });
  const names = readSources(sources, 'x64').files.map(({ name }) => name);
  const levels = ['baseline', 'v3', 'avx512_bf16'].map((level) => `kernels/norm.cc (${level})`);
  assert.deepEqual(names, ['addon.cc', ...levels]);
  assert.equal(readSources(sources, 'arm64').files.length, 2);
  const [addon, ...kernels] = readSources(sources, 'x64').files;
  assert.deepEqual(addon!.flags, []);
  const flags = kernels.flatMap((file) => file.flags);
  assert.ok(kernels[2]!.flags.includes('-mavx512bf16') && !kernels[1]!.flags.includes('-mavx512bf16'));
  assert.doesNotMatch(flags.join(' '), /fast-math|finite-math|associative|fopenmp/);
});

test('a header of the kernels is a reason to compile everything, one of the addon not the kernels', (t) => {
  const sources = temporaryFolder(t);
  writeTree(sources, { 'addon.cc': '', 'addon.h': '', 'kernels/norm.cc': '', 'kernels/norm.h': '' });
  const headers = () => readSources(sources, 'arm64').files.map((file) => file.headers);
  const [addon, kernel] = headers();
  writeFileSync(join(sources, 'addon.h'), 'int changed;');
  const [addonThen, kernelThen] = headers();
  assert.deepEqual([addonThen === addon, kernelThen === kernel], [false, true]);
  writeFileSync(join(sources, 'kernels', 'norm.h'), 'int changed;');
  assert.deepEqual([headers()[0] === addonThen, headers()[1] === kernelThen], [false, false]);
});

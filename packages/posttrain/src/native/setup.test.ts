import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { doctor } from './doctor.ts';
import { fakeTorch, script, temporaryFolder, versionFile, writeTree } from './fake-wheel.test.fixture.ts';
import { askPython } from './python.ts';
import { ensureEngine, recordedAddon, type SetupOptions, setup } from './setup.ts';
import { torchLibrary } from './torch-probe.ts';
import type { TorchRecord } from './torch-record.ts';

const python = await askPython('python3');
const needsPython = { skip: python ? false : 'python3 is missing' };

interface Place {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly torch: string;
  readonly options: SetupOptions & { readonly sources: string };
}

/** A home with a libtorch that passes the probe, and a compiler that writes empty files, so that no test waits for one. */
function place(t: TestContext): Place {
  const home = temporaryFolder(t);
  const bin = join(home, 'bin');
  const body = [
    'if [ "$1" = --version ]; then echo "a compiler 1.0"; exit 0; fi',
    'while [ "$1" != -o ]; do shift; done',
    ': > "$2"',
  ];
  script(join(bin, 'c++'), body.join('\n'));
  if (python) script(join(bin, 'python3'), `exec '${python.executable}' "$@"`);
  const sources = join(home, 'sources');
  writeTree(sources, { 'addon.cc': 'int x;\n' });
  // The fake compiler is a shell script that needs no tool but the shell.
  const env = { PATH: bin, HOME: home, POSTTRAIN_HOME: join(home, 'posttrain') };
  return { home, env, torch: fakeTorch(join(home, 'site')), options: { env, sources } };
}

async function failure(promise: Promise<unknown>): Promise<PosttrainError> {
  const error = await promise.then(
    () => assert.fail('it should fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(PosttrainError.is(error), String(error));
  return error;
}

const noCompiler = (env: NodeJS.ProcessEnv) => ({ ...env, CXX: 'no-such-compiler' });

test('a libtorch that is named is recorded, and found again without compiler or Python', async (t) => {
  const { env, torch, options } = place(t);
  const engine = await setup({ ...options, torch });
  assert.equal(engine.torch?.origin, 'given');
  const later = { PATH: '/nowhere', POSTTRAIN_HOME: env['POSTTRAIN_HOME'] };
  assert.deepEqual(await ensureEngine(undefined, { ...options, env: later }), engine);
  assert.equal(recordedAddon(later, options.sources), engine.addon);
  assert.deepEqual(await setup(options), engine, 'setup without arguments keeps what is recorded');
});

test('without anything set up, recordedAddon says what to run', (t) => {
  const { env, options, torch } = place(t);
  assert.throws(() => recordedAddon(env, options.sources), {
    code: 'torch-missing',
    message: 'No libtorch is set up yet.',
    help: 'Run: posttrain setup',
  });
  const message = 'The native addon is not built for PyTorch 2.13.0 yet.';
  assert.throws(() => recordedAddon({ ...env, POSTTRAIN_TORCH: torch }, options.sources), {
    code: 'torch-missing',
    message,
  });
});

test('offline, without any libtorch, nothing is fetched', async (t) => {
  const { home, env, options } = place(t);
  for (const offline of [{ offline: true }, { env: { ...env, POSTTRAIN_OFFLINE: '1' } }]) {
    const error = await failure(ensureEngine(undefined, { ...options, ...offline }));
    assert.equal(error.code, 'torch-missing');
    assert.equal(error.message, 'No libtorch is set up, and offline nothing is downloaded.');
    assert.match(error.help ?? '', /From a file: posttrain setup --wheel FILE/);
  }
  assert.deepEqual(readdirSync(home).sort(), ['bin', 'site', 'sources']);
});

test("a Python's torch is offered, taken only on yes, and never without being asked", needsPython, async (t) => {
  const { home, env, torch, options } = place(t);
  const withTorch = { ...env, PYTHONPATH: join(home, 'site'), POSTTRAIN_OFFLINE: '1' };
  const silent = await failure(setup({ ...options, env: withTorch }));
  assert.equal(silent.code, 'torch-missing');
  assert.match(
    silent.help ?? '',
    new RegExp(`^Use the PyTorch 2\\.13\\.0 of your Python: posttrain setup --torch ${torch}\n`),
  );
  const offers: TorchRecord[] = [];
  const onOffer = (answer: boolean) => async (candidate: TorchRecord) => {
    offers.push(candidate);
    return answer;
  };
  assert.equal((await failure(setup({ ...options, env: withTorch, onOffer: onOffer(false) }))).code, 'torch-missing');
  const engine = await setup({ ...options, env: withTorch, onOffer: onOffer(true) });
  assert.deepEqual(engine.torch, { ...offers[1], origin: 'python' });
  assert.equal(offers[0]?.path, torch);
});

test('a torch in the current folder is never offered', needsPython, async (t) => {
  const { home, env, options } = place(t);
  const here = process.cwd();
  process.chdir(join(home, 'site'));
  t.after(() => process.chdir(here));
  const error = await failure(setup({ ...options, env: { ...env, POSTTRAIN_OFFLINE: '1' } }));
  assert.doesNotMatch(error.help ?? '', /of your Python/);
});

test('a recorded libtorch that vanished is an error that names it; so is one that changed', async (t) => {
  const { home, torch, options } = place(t);
  await setup({ ...options, torch });
  renameSync(torch, join(home, 'moved'));
  const vanished = await failure(ensureEngine(undefined, options));
  assert.equal(vanished.code, 'torch-missing');
  assert.match(vanished.message, new RegExp(`^PyTorch 2\\.13\\.0 in ${torch} is no longer usable: `));
  assert.match(vanished.help ?? '', /posttrain setup --force$/);

  renameSync(join(home, 'moved'), torch);
  await ensureEngine(undefined, options);
  writeFileSync(join(torch, 'lib', torchLibrary), 'another library');
  const changed = await failure(ensureEngine(undefined, options));
  assert.equal(changed.code, 'torch-unsupported');
  assert.equal(changed.message, `PyTorch 2.13.0 in ${torch} has changed since setup: its libraries differ.`);
  assert.equal((await setup({ ...options, torch })).torch?.path, torch, 'setup accepts it anew');

  writeFileSync(join(torch, 'version.py'), versionFile('2.14.1'));
  assert.match(
    (await failure(ensureEngine(undefined, options))).message,
    /has changed since setup: it is 2\.14\.1 now\.$/,
  );
});

test('$POSTTRAIN_TORCH goes before the record and leaves it alone', async (t) => {
  const { home, env, torch, options } = place(t);
  await setup({ ...options, torch });
  const other = fakeTorch(join(home, 'other'), '2.14.1');
  const engine = await ensureEngine(undefined, { ...options, env: { ...env, POSTTRAIN_TORCH: join(home, 'other') } });
  assert.equal(engine.torch?.path, other);
  assert.equal((await ensureEngine(undefined, options)).torch?.path, torch);
});

test('our own copy in the data folder is used when nothing is recorded, the pinned version first', async (t) => {
  const { env, options } = place(t);
  const copies = join(env['POSTTRAIN_HOME']!, 'data', 'torch');
  for (const version of ['2.9.1', '2.13.0', '2.14.1', '2.6.0']) fakeTorch(join(copies, version), version);
  assert.equal((await ensureEngine(undefined, options)).torch?.version, '2.13.0');
  rmSync(join(copies, '2.13.0'), { recursive: true });
  assert.deepEqual(
    (await ensureEngine(undefined, options)).torch?.version,
    '2.14.1',
    'our own copy may be replaced silently',
  );
});

test('a torch that is too old is refused by name', async (t) => {
  const { home, options } = place(t);
  const old = fakeTorch(join(home, 'old'), '2.6.0+cpu');
  const error = await failure(setup({ ...options, torch: old }));
  assert.equal(error.code, 'torch-unsupported');
  assert.equal(error.message, `PyTorch 2.6.0+cpu in ${old} is older than 2.7.`);
});

test('POSTTRAIN_ADDON is taken as it is, and must exist', async (t) => {
  const { home, env, options } = place(t);
  const named = join(home, 'my.node');
  const withAddon = { ...env, POSTTRAIN_ADDON: named };
  assert.throws(() => recordedAddon(withAddon), {
    code: 'file-missing',
    message: `POSTTRAIN_ADDON names ${named}, which does not exist.`,
  });
  writeFileSync(named, '');
  assert.deepEqual(await ensureEngine(undefined, { ...options, env: withAddon }), { torch: null, addon: named });
});

test('a torch and a wheel together are refused', async (t) => {
  const { torch, options } = place(t);
  const error = await failure(setup({ ...options, torch, wheel: 'x.whl' }));
  assert.equal(error.message, 'Both a torch and a wheel are named; only one can be used.');
});

test('doctor tells a bare machine from one that is set up', async (t) => {
  const { home, env, torch, options } = place(t);
  const status = async (environment: NodeJS.ProcessEnv) => {
    const report = await doctor({ env: environment, sources: options.sources });
    // How busy the machine is, and how much memory is free, is no matter here.
    const lasting = report.filter(({ name }) => name !== 'processor' && name !== 'memory');
    return Object.fromEntries(lasting.map((check) => [check.name, check.status]));
  };
  const bare = { PATH: join(home, 'nothing'), POSTTRAIN_HOME: env['POSTTRAIN_HOME'] };
  const machine = { node: 'ok', platform: 'ok', cache: 'ok', disk: 'ok' };
  const before = await status(bare);
  assert.deepEqual(before, {
    ...machine,
    python3: 'fail',
    pip: 'fail',
    compiler: 'fail',
    libtorch: 'fail',
    addon: 'fail',
  });
  await setup({ ...options, torch });
  const after = await status(bare);
  assert.deepEqual(after, { ...machine, python3: 'warn', pip: 'warn', compiler: 'warn', libtorch: 'ok', addon: 'ok' });
});

test('doctor changes nothing and says what is wrong in words', async (t) => {
  const { home, env, options } = place(t);
  mkdirSync(join(home, 'empty'));
  const environment = { ...noCompiler(env), POSTTRAIN_TORCH: join(home, 'empty') };
  const report = await doctor({ env: environment, sources: options.sources });
  const detail = (name: string) => report.find((check) => check.name === name)?.detail;
  assert.equal(detail('libtorch'), `No ${torchLibrary} was found in or under ${join(home, 'empty')}.`);
  assert.equal(detail('compiler'), 'no C++ compiler was found');
  assert.equal(detail('cache'), `${join(home, 'posttrain', 'cache')} (not made yet)`);
  assert.deepEqual(readdirSync(home).sort(), ['bin', 'empty', 'site', 'sources']);
});

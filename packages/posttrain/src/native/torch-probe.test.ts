import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeTorch, script, temporaryFolder, writeTree } from './fake-wheel.test.fixture.ts';
import { askPython } from './python.ts';
import { fingerprint, isSupported, locateTorch, probeTorch, torchLibrary } from './torch-probe.ts';

const python = await askPython('python3');

test('whatever of a torch a person names, its package folder is found', (t) => {
  const root = temporaryFolder(t);
  const environment = join(root, 'venv');
  const site = join(environment, 'lib', 'python3.12', 'site-packages');
  const torch = fakeTorch(site);
  for (const named of [torch, `${torch}/`, join(torch, 'lib'), join(torch, 'lib', torchLibrary), site, environment]) {
    assert.equal(locateTorch(named), torch, named);
  }
  assert.equal(locateTorch('~/venv', { HOME: root }), torch);
});

test('an unpacked libtorch archive has its version in build-version', (t) => {
  const root = temporaryFolder(t);
  writeTree(join(root, 'libtorch'), {
    'build-version': '2.8.0+cpu\n',
    [`lib/${torchLibrary}`]: 'x',
    'include/ATen/ATen.h': '',
  });
  assert.equal(probeTorch(locateTorch(root)).version, '2.8.0+cpu');
});

test('a Python executable is asked for its torch, which is not imported', {
  skip: python ? false : 'python3 is missing',
}, (t) => {
  const root = temporaryFolder(t);
  const torch = fakeTorch(join(root, 'site'));
  writeFileSync(join(torch, '__init__.py'), 'raise SystemExit("imported")\n');
  const executable = script(join(root, 'python'), `PYTHONPATH='${root}/site' exec '${python?.executable}' "$@"`);
  assert.equal(locateTorch(executable), torch);
  const bare = script(join(root, 'bare'), `exec '${python?.executable}' -S -E "$@"`);
  assert.throws(() => locateTorch(bare), {
    code: 'torch-missing',
    message: `${bare} is a file, but no Python that has torch.`,
  });
});

test('a mistyped path lists what is there, the nearest first', (t) => {
  const root = temporaryFolder(t);
  for (const name of ['cache', 'venv', 'work', 'zoo']) mkdirSync(join(root, name));
  const error = {
    code: 'file-missing',
    message: `The torch path ${root}/vemv does not exist.`,
    help: new RegExp(`^${root} holds venv, .*, …\\.\n`),
  };
  assert.throws(() => locateTorch(`${root}/vemv`), error);
  assert.throws(() => locateTorch(`${root}/zoo`), {
    code: 'torch-missing',
    message: `No ${torchLibrary} was found in or under ${root}/zoo.`,
  });
});

test('an incomplete libtorch is refused by what is missing', (t) => {
  const torch = fakeTorch(temporaryFolder(t));
  rmSync(join(torch, 'include'), { recursive: true });
  assert.throws(() => probeTorch(torch), {
    code: 'torch-missing',
    message: `${torch} is not a whole libtorch: ${join(torch, 'include', 'ATen', 'ATen.h')} is missing.`,
  });
  rmSync(join(torch, 'version.py'));
  assert.throws(() => probeTorch(torch), {
    message: `${torch} is not a whole libtorch: neither version.py nor build-version tells its version.`,
  });
});

test('versions compare as numbers', () => {
  const supported = ['2.7.0', '2.13.0+cu130', '2.10.0a0+git123', '3.0.0'];
  for (const version of supported) assert.equal(isSupported(version), true, version);
  for (const version of ['2.6.0+cu126', '1.13.1', '', 'unknown']) assert.equal(isSupported(version), false, version);
});

test('the fingerprint sees size, time, and both ends of a file', (t) => {
  const file = join(temporaryFolder(t), 'library');
  const time = new Date(1_700_000_000_000);
  const print = (content: Buffer) => {
    writeFileSync(file, content);
    utimesSync(file, time, time);
    return fingerprint(file);
  };
  const content = Buffer.alloc(3 << 20, 7);
  const original = print(content);
  assert.equal(print(content), original);
  for (const position of [0, content.length - 1]) {
    const changed = Buffer.from(content);
    changed[position] = 8;
    assert.notEqual(print(changed), original);
  }
  assert.notEqual(print(content.subarray(1)), original);
  print(content);
  utimesSync(file, time, new Date(1_700_000_001_000));
  assert.notEqual(fingerprint(file), original);
  symlinkSync(file, `${file}.link`);
  assert.equal(fingerprint(`${file}.link`), fingerprint(file));
  assert.equal(statSync(file).size, content.length);
});

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import {
  CUDA_BYTES,
  LIBRARY_BYTES,
  pythonWithPip,
  script,
  serveIndex,
  temporaryFolder,
  torchMembers,
  wheel,
  wheelName,
} from './fake-wheel.test.fixture.ts';
import { findFolders } from './folders.ts';
import type { SetupProgress } from './setup-progress.ts';
import { PINNED_TORCH } from './torch-discovery.ts';
import { type FetchOptions, fetchTorch } from './torch-fetch.ts';
import { torchLibrary } from './torch-probe.ts';

const python = await pythonWithPip();
const needsPython = { skip: python ? false : 'python3 with pip is missing' };
const torchWheel = wheelName('torch', PINNED_TORCH);
const cpuWheel = wheel('torch', PINNED_TORCH, torchMembers());

interface Place {
  readonly home: string;
  readonly bin: string;
  readonly options: FetchOptions;
  readonly events: SetupProgress[];
}

/** A home of its own, a PATH with only this Python, and a pip that knows only the given index. */
function place(t: TestContext, index = 'http://127.0.0.1:9/simple/'): Place {
  const home = temporaryFolder(t);
  const bin = join(home, 'bin');
  if (python) script(join(bin, 'python3'), `exec '${python.executable}' "$@"`);
  else mkdirSync(bin);
  const env = {
    PATH: bin,
    HOME: home,
    POSTTRAIN_HOME: join(home, 'posttrain'),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: index,
    PIP_RETRIES: '0',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  };
  const events: SetupProgress[] = [];
  return {
    home,
    bin,
    events,
    options: { env, folders: findFolders({ env }), onProgress: (event) => events.push(event) },
  };
}

async function failure(promise: Promise<unknown>): Promise<PosttrainError> {
  const error = await promise.then(
    () => assert.fail('it should fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(PosttrainError.is(error), String(error));
  return error;
}

const listing = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true }).sort() : null);

test('without python3 nothing is written, and the message says how to get it', async (t) => {
  const { home, options } = place(t);
  const env = { ...options.env, PATH: join(home, 'nothing') };
  const error = await failure(fetchTorch({ ...options, env }));
  assert.equal(error.code, 'python-missing');
  assert.equal(error.message, 'No Python 3 was found (tried python3, python on the PATH).');
  assert.match(error.help ?? '', /sudo apt install python3 python3-pip/);
  assert.equal(listing(join(home, 'posttrain')), null);
});

test('a python3 without pip is named, with its own words', needsPython, async (t) => {
  const { home, bin, options } = place(t);
  script(
    join(bin, 'python3'),
    `if [ "$1" = -m ]; then echo '/usr/bin/python3: No module named pip' >&2; exit 1; fi\nexec '${python?.executable}' "$@"`,
  );
  const error = await failure(fetchTorch(options));
  assert.equal(error.code, 'pip-missing');
  assert.equal(
    error.message,
    `Python ${python?.version} (${python?.executable}) has no pip: /usr/bin/python3: No module named pip`,
  );
  assert.match(error.help ?? '', /python3 -m ensurepip --user/);
  assert.equal(listing(join(home, 'posttrain')), null);
});

test('of a wheel on an index, only the bytes that the CPU needs are fetched', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  const { options, events } = place(t, index.url);
  const record = await fetchTorch(options);
  assert.deepEqual(record, { ...record, version: PINNED_TORCH, origin: 'own' });
  assert.deepEqual(readFileSync(join(record.path, 'lib', torchLibrary)), torchMembers()[`torch/lib/${torchLibrary}`]);
  assert.deepEqual(readdirSync(join(record.path, 'lib')).sort(), ['libc10.so', torchLibrary]);
  assert.ok(index.served < LIBRARY_BYTES + CUDA_BYTES / 4, `${index.served} bytes were fetched`);
  assert.deepEqual(readdirSync(join(options.folders.data, 'torch')), [PINNED_TORCH]);
  const plan = events.find((event) => event.phase === 'plan');
  assert.ok(plan && plan.total > LIBRARY_BYTES && plan.disk! > LIBRARY_BYTES, 'sizes are announced');
  assert.ok(events.indexOf(plan) < events.findIndex((event) => event.phase === 'extract'));
});

test('an interrupted download goes on where it stopped', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  const { options } = place(t, index.url);
  index.cutAfter = 1_200_000;
  const error = await failure(fetchTorch(options));
  assert.equal(error.code, 'torch-download-failed');
  assert.match(error.message, /^libtorch 2\.13\.0 could not be fetched: the connection ended [\d,]+ bytes early/);
  assert.match(error.help ?? '', /^Run it again: what has arrived is kept/);
  assert.equal(existsSync(join(options.folders.data, 'torch', PINNED_TORCH)), false);
  index.cutAfter = Number.POSITIVE_INFINITY;
  index.served = 0;
  const record = await fetchTorch(options);
  assert.deepEqual(readFileSync(join(record.path, 'lib', torchLibrary)), torchMembers()[`torch/lib/${torchLibrary}`]);
  assert.ok(index.served < LIBRARY_BYTES - 500_000, `${index.served} bytes were fetched again`);
});

test('an abort leaves what has arrived for the next time', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  const { options } = place(t, index.url);
  const controller = new AbortController();
  const onProgress = ({ phase }: SetupProgress) => phase === 'plan' && controller.abort();
  const error = await failure(fetchTorch({ ...options, onProgress, signal: controller.signal }));
  assert.equal(error.code, 'aborted');
  assert.equal((await fetchTorch(options)).version, PINNED_TORCH);
});

test('a server without range requests gives the whole wheel', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  index.ranges = false;
  const { options } = place(t, index.url);
  const record = await fetchTorch(options);
  assert.deepEqual(readFileSync(join(record.path, 'lib', torchLibrary)), torchMembers()[`torch/lib/${torchLibrary}`]);
  assert.equal(existsSync(join(record.path, 'lib', 'libtorch_cuda.so')), false);
});

test('a CUDA build brings the two small libraries of its runtime, and no others', needsPython, async (t) => {
  const runtime = { 'nvidia/cu13/lib/libcudart.so.13': 'cudart', 'nvidia/cu13/lib/libcublas.so.13': 'cublas' };
  const cupti = { 'nvidia/cu13/lib/libcupti.so.13': 'cupti', 'nvidia/cu13/lib/libnvperf_host.so': 'perf' };
  const toolkit = [
    "nvidia-cuda-runtime==13.0.96.*; extra == 'cudart'",
    "nvidia-cuda-cupti==13.0.85.*; extra == 'cupti'",
    "nvidia-cuda-runtime==1.0; extra == 'all'",
  ];
  const index = await serveIndex(t, {
    [torchWheel]: wheel('torch', PINNED_TORCH, torchMembers('13.0'), [
      'filelock',
      'cuda-toolkit[cudart,cupti]==13.0.3; python_version > "3"',
    ]),
    [wheelName('cuda_toolkit', '13.0.3.0')]: wheel('cuda_toolkit', '13.0.3.0', {}, toolkit),
    [wheelName('nvidia_cuda_runtime', '13.0.96')]: wheel('nvidia_cuda_runtime', '13.0.96', runtime),
    [wheelName('nvidia_cuda_cupti', '13.0.85')]: wheel('nvidia_cuda_cupti', '13.0.85', cupti),
  });
  const { options } = place(t, index.url);
  const record = await fetchTorch(options);
  assert.equal(record.version, `${PINNED_TORCH}+cu130`);
  const libraries = join(record.path, '..', 'nvidia', 'cu13', 'lib');
  assert.deepEqual(readdirSync(libraries).sort(), ['libcudart.so.13', 'libcupti.so.13']);
});

test('when pip finds no wheel, its own words are the message', needsPython, async (t) => {
  const index = await serveIndex(t, { [wheelName('torch', '2.1.0')]: wheel('torch', '2.1.0', {}) });
  const error = await failure(fetchTorch(place(t, index.url).options));
  assert.equal(error.code, 'torch-download-failed');
  assert.match(
    error.message,
    /pip cannot download torch==2\.13\.0:\n.*No matching distribution found for torch==2\.13\.0/s,
  );
});

test('damaged bytes are noticed and fetched anew the next time', needsPython, async (t) => {
  const damaged = Buffer.from(cpuWheel);
  const wheels: Record<string, Buffer> = { [torchWheel]: damaged };
  const index = await serveIndex(t, wheels);
  const { options } = place(t, index.url);
  // In the middle of the library, which is the wanted member after 3 MB of an unwanted one.
  damaged.fill(0, CUDA_BYTES + 1_000_000, CUDA_BYTES + 1_000_100);
  const error = await failure(fetchTorch(options));
  assert.equal(error.code, 'torch-download-failed');
  assert.match(error.message, /what arrived of torch-2\.13\.0-py3-none-any\.whl is damaged: /);
  wheels[torchWheel] = cpuWheel;
  assert.equal((await fetchTorch(options)).version, PINNED_TORCH);
});

test('a full disk is said so, and what has arrived stays', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  const { bin, options } = place(t, index.url);
  // A limit on the size of files is the nearest thing to a full disk that a test can make: 1,000 blocks of 512 bytes.
  script(join(bin, 'python3'), `ulimit -f 1000; exec '${python?.executable}' "$@"`);
  const error = await failure(fetchTorch(options));
  assert.equal(error.code, 'disk-full');
  assert.match(error.message, /^libtorch does not fit on the disk: /);
});

async function fromWheel(t: TestContext, content: Buffer, name = torchWheel): Promise<PosttrainError> {
  const { home, options } = place(t);
  const file = join(home, name);
  writeFileSync(file, content);
  const before = listing(options.folders.data);
  const error = await failure(fetchTorch({ ...options, wheels: [file], offline: true }));
  assert.deepEqual(listing(options.folders.data) ?? [], before ?? ['torch'], 'nothing is left behind');
  assert.equal(existsSync(join(home, 'evil')), false);
  return error;
}

test('a wheel on the disk works offline and without pip', needsPython, async (t) => {
  const { home, bin, options } = place(t);
  script(join(bin, 'python3'), `if [ "$1" = -m ]; then exit 1; fi\nexec '${python?.executable}' "$@"`);
  writeFileSync(join(home, torchWheel), cpuWheel);
  const record = await fetchTorch({ ...options, wheels: [join(home, torchWheel)], offline: true });
  assert.equal(record.path, join(options.folders.data, 'torch', PINNED_TORCH, 'torch'));
});

test('a truncated wheel is refused', needsPython, async (t) => {
  const error = await fromWheel(t, cpuWheel.subarray(0, 100_000));
  assert.equal(error.code, 'file-unreadable');
  assert.match(
    error.message,
    /torch-2\.13\.0-py3-none-any\.whl \(100,000 bytes\) is not a complete wheel: File is not a zip file$/,
  );
});

test('a wheel with a path that leaves its folder is refused', needsPython, async (t) => {
  const error = await fromWheel(
    t,
    wheel('torch', PINNED_TORCH, { ...torchMembers(), 'torch/include/../../../../evil': 'x' }),
  );
  assert.equal(error.code, 'file-unreadable');
  assert.equal(error.message, `${torchWheel} holds a path that leaves its folder: 'torch/include/../../../../evil'`);
});

test('a wheel of something else is refused', needsPython, async (t) => {
  const error = await fromWheel(t, wheel('other', '1.0', {}), 'other-1.0-py3-none-any.whl');
  assert.equal(error.message, 'other-1.0-py3-none-any.whl is not a torch wheel: it holds no torch/version.py');
});

test('a wheel without libraries for this platform is refused', needsPython, async (t) => {
  const { [`torch/lib/${torchLibrary}`]: _, ...members } = torchMembers();
  const error = await fromWheel(t, wheel('torch', PINNED_TORCH, members));
  assert.equal(error.code, 'torch-missing');
  assert.match(error.message, /is not a whole libtorch: .*libtorch_cpu\.\w+ is missing\.$/);
});

test('offline, a CUDA wheel asks for the wheels of its runtime', needsPython, async (t) => {
  const error = await fromWheel(
    t,
    wheel('torch', PINNED_TORCH, torchMembers('13.0'), ['nvidia-cuda-runtime==13.0.96']),
  );
  assert.equal(error.code, 'file-missing');
  assert.match(error.message, /is a CUDA build and needs the wheel of nvidia-cuda-runtime==13\.0\.96 beside it/);
});

test('a wheel that does not exist is named', async (t) => {
  const { home, options } = place(t);
  const error = await failure(fetchTorch({ ...options, wheels: [join(home, 'no.whl')] }));
  assert.equal(error.code, 'file-missing');
  assert.equal(error.message, `The wheel ${join(home, 'no.whl')} does not exist.`);
});

test('two processes that want libtorch at once fetch it once', needsPython, async (t) => {
  const index = await serveIndex(t, { [torchWheel]: cpuWheel });
  const { options, events } = place(t, index.url);
  const [first, second] = await Promise.all([fetchTorch(options), fetchTorch(options)]);
  assert.deepEqual(first, second);
  assert.ok(events.some((event) => event.phase === 'wait'));
  assert.ok(index.served < LIBRARY_BYTES + CUDA_BYTES / 4, `${index.served} bytes were fetched`);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.js', import.meta.url));

/** Logs the address of every module that is imported. */
const logImports = (() => {
  const hook =
    'export async function load(url, context, next) { process._rawDebug("loaded " + url); return next(url, context); }';
  const register = `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hook)}");`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
})();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a shell does, without terminal and colours, in `cwd`. */
function posttrain(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; node?: string[] } = {},
): Ended {
  const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '', ...options.env };
  const call = [...(options.node ?? []), main, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, call, {
    encoding: 'utf8',
    env,
    ...(options.cwd && { cwd: options.cwd }),
  });
  return { code: status, out: stdout, err: stderr };
}

async function folder(t: TestContext, files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'posttrain-cli-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const goodRecipe = 'method: sft\nmodel: pocket\ndata: { train: chat.jsonl }\nsteps: 3\nlr: 1e-4\n';
const noTorch = { POSTTRAIN_TORCH: '/nonexistent/torch', POSTTRAIN_ADDON: '' };

test('--help names every verb and loads nothing that it does not need', () => {
  const { code, out, err } = posttrain(['--help'], { node: logImports, env: noTorch });
  assert.equal(code, 0);
  const verbs = [
    'setup',
    'doctor',
    'quickstart',
    'train',
    'chat',
    'eval',
    'generate',
    'label',
    'rewards',
    'study',
    'merge',
    'runs',
  ];
  assert.deepEqual(
    [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb).filter((verb) => verb !== 'help'),
    verbs,
  );
  const loaded = err.split('\n').filter((line) => line.startsWith('loaded file:'));
  assert.ok(
    loaded.some((line) => line.includes('commander')),
    'imports are logged at all',
  );
  const heavy =
    /\/(zod|yaml|tokenizers|jiti|@huggingface)\/|\/(native|tensor|nn|models|train|engine|client|runs|data|scoring)\/[^/]*$/;
  assert.deepEqual(
    loaded.filter((line) => heavy.test(line)),
    [],
  );
});

test('--version prints the version of the package and nothing else', () => {
  const { code, out } = posttrain(['--version']);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

test('a verb that does not exist is answered with the nearest', () => {
  assert.deepEqual(posttrain(['trian', 'recipe.yaml']), {
    code: 2,
    out: '',
    err: "error Unknown command 'trian'.\n  help: Did you mean train? `posttrain --help` lists the commands.\n",
  });
});

test('an option that does not exist is answered with the nearest', () => {
  assert.deepEqual(posttrain(['train', 'recipe.yaml', '--dry-rum']), {
    code: 2,
    out: '',
    err: "error Unknown option '--dry-rum'.\n  help: Did you mean --dry-run? `posttrain train --help` lists its options.\n",
  });
});

test('a value out of its bounds says which are allowed', () => {
  const { code, err } = posttrain(['chat', 'pocket', '--top-p', '1.5']);
  assert.equal(code, 2);
  assert.match(err, /^error Option '--top-p <p>' argument '1\.5' is invalid\. Expected a number from 0 to 1\.\n/);
});

test('without a verb the help stands on standard error', () => {
  const { code, out, err } = posttrain([]);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^Usage: posttrain /);
  assert.match(err, /\nerror No command given\.\n$/);
});

test('a recipe with a misspelt key ends in 2, with its line and the nearest key, and makes no folder', async (t) => {
  const cwd = await folder(t, { 'recipe.yaml': goodRecipe.replace('steps', 'stesp') });
  const { code, out, err } = posttrain(['train', 'recipe.yaml'], { cwd, env: noTorch });
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^error .*stesp/);
  assert.match(err, /recipe\.yaml:4:1/);
  assert.match(err, /steps/);
  assert.deepEqual(await readdir(cwd), ['recipe.yaml']);
});

test('under --json a program gets the error as a line of JSON', async (t) => {
  const cwd = await folder(t, { 'recipe.yaml': goodRecipe.replace('1e-4', 'fast') });
  const { code, out, err } = posttrain(['train', 'recipe.yaml', '--json'], { cwd });
  assert.equal(code, 2);
  const line = JSON.parse(out) as { type: string; code: string; place: { line: number } };
  assert.equal(line.type, 'error');
  assert.equal(line.code, 'recipe-invalid');
  assert.equal(line.place.line, 5);
  assert.match(err, /^error /);
  assert.equal((JSON.parse(posttrain(['chat', '--nope', '--json']).out) as { code: string }).code, 'usage');
});

test('a recipe that is not there ends in 1', async (t) => {
  const { code, err } = posttrain(['train', 'nowhere.yaml'], { cwd: await folder(t) });
  assert.equal(code, 1);
  assert.match(err, /nowhere\.yaml/);
});

test('an override of another form is a wrong call', async (t) => {
  const cwd = await folder(t, { 'recipe.yaml': goodRecipe });
  const { code, err } = posttrain(['train', 'recipe.yaml', 'lr:2e-5', '--dry-run'], { cwd });
  assert.equal(code, 2);
  assert.match(err, /"lr:2e-5" is not of the form key=value/);
});

test('--dry-run prints the recipe with its defaults, without libtorch, and makes no folder', async (t) => {
  const cwd = await folder(t, { 'recipe.yaml': goodRecipe });
  const call = ['train', 'recipe.yaml', 'lr=2e-5', '--threads', '2', '--dry-run'];
  const { code, out, err } = posttrain([...call, '--json'], { cwd, env: noTorch });
  assert.equal(code, 0, err);
  const resolved = JSON.parse(out) as { lr: number; threads: number; clip: number; steps: number };
  assert.deepEqual([resolved.lr, resolved.threads, resolved.clip, resolved.steps], [2e-5, 2, 1, 3]);
  assert.match(err, /^memory about [\d.]+ [MG]i?B at most in fp32: weights and optimizer .+, .+ tokens at a time .+$/m);
  assert.match(posttrain(call, { cwd, env: noTorch }).out, /^lr: 0\.00002$/m);
  assert.deepEqual(await readdir(cwd), ['recipe.yaml']);
});

test('--resume without a run to resume says so', async (t) => {
  const cwd = await folder(t, { 'recipe.yaml': goodRecipe });
  const { code, err } = posttrain(['train', 'recipe.yaml', '--resume'], { cwd, env: noTorch });
  assert.equal(code, 1);
  assert.match(err, /^error There is no run of recipe\.yaml to resume\.\n/);
});

test('runs are listed without libtorch; a folder that is not there is an error', async (t) => {
  const cwd = await folder(t);
  const none = posttrain(['runs'], { cwd, env: noTorch });
  assert.deepEqual(none, { code: 0, out: '', err: 'No runs in runs. posttrain train makes one.\n' });
  assert.deepEqual(JSON.parse(posttrain(['runs', 'list', '--json'], { cwd, env: noTorch }).out), {
    runs: [],
    unreadable: [],
  });
  const missing = posttrain(['runs', 'lst'], { cwd });
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^error There is no folder lst\.\n/);
});

test('a broken libtorch ends in 3, and doctor says where it looked', () => {
  const doctor = posttrain(['doctor'], { env: noTorch });
  assert.equal(doctor.code, 3);
  assert.match(doctor.out, /^libtorch +missing .*\/nonexistent\/torch/m);
  assert.match(doctor.out, /Not ready to train: .*libtorch/);
  const report = JSON.parse(posttrain(['doctor', '--json'], { env: noTorch }).out) as { ok: boolean };
  assert.equal(report.ok, false);
  const setup = posttrain(['setup'], { env: noTorch });
  assert.equal(setup.code, 3);
  assert.match(setup.err, /\/nonexistent\/torch/);
  assert.equal(posttrain(['chat', 'pocket'], { env: noTorch }).code, 3);
});

test('stacks are shown with --verbose only', async (t) => {
  const cwd = await folder(t);
  assert.doesNotMatch(posttrain(['train', 'nowhere.yaml'], { cwd }).err, /^ +at /m);
  assert.match(posttrain(['train', 'nowhere.yaml', '--verbose'], { cwd }).err, /^ +at /m);
});

// From a fresh clone to a running job: installs packages when the lockfile asks for it, builds, sets up the engine, and
// then runs what was asked for. Needs Node alone: it runs before anything is installed. All its own output goes to
// stderr, so that a job's stdout stays the job's.
//   node scripts/bootstrap.mjs quickstart|test|bench|study|parity|mutate [arguments of the job]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = 'packages/posttrain/dist';
const jobs = {
  quickstart: [`${dist}/cli/main.js`, 'quickstart'],
  test: ['scripts/run-tests.mjs'],
  bench: ['bench/main.mjs'],
  study: ['recipes/main.mjs'],
  parity: ['golden/parity.mjs'],
  mutate: ['scripts/mutate.mjs'],
};
const EXIT_USAGE = 2;
const EXIT_ENVIRONMENT = 3;
const OLDEST_NODE = [20, 19];

function stop(code, message) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  const oldest = OLDEST_NODE.join('.');
  stop(
    EXIT_ENVIRONMENT,
    `Node ${process.versions.node} is too old.\n  help: Node ${oldest} or newer is needed; 24 is a good choice.`,
  );
}

/** Runs a program of Node's or npm's in the repository; its output is progress. */
function step(what, args) {
  process.stderr.write(`${what}\n`);
  const [program, ...rest] = args;
  const { status, error } = spawnSync(program, rest, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) stop(EXIT_ENVIRONMENT, `${program} cannot be run: ${error.message}`);
  if (status !== 0) stop(1, `${what} failed: ${args.join(' ')} ended with exit code ${status}.`);
}

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  const stamp = join(root, 'node_modules', '.posttrain-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  if (!isInstalled(JSON.parse(lock))) {
    // Under `npm run`, npm says where it is; on Windows it cannot be run by its bare name.
    const npm = process.env.npm_execpath;
    step('installing packages', [...(npm ? [process.execPath, npm] : ['npm']), 'ci', '--no-audit', '--no-fund']);
  }
  writeFileSync(stamp, hash);
}

/** Whether a plain `npm ci` has put exactly these packages in place. */
function isInstalled(lock) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const needed = Object.entries(lock.packages).filter(
    ([path, { link, optional }]) => path.includes('node_modules/') && !link && !optional,
  );
  return needed.every(([path, { version }]) => installed[path]?.version === version);
}

async function setUpEngine() {
  const { ensureEngine, formatProgress } = await import(pathToFileURL(join(root, dist, 'native', 'setup.js')).href);
  const line = progressLine();
  try {
    await ensureEngine((progress) => line.show(progress.phase, formatProgress(progress)));
    line.end();
  } catch (error) {
    line.end();
    stop(EXIT_ENVIRONMENT, typeof error.format === 'function' ? error.format() : (error.stack ?? String(error)));
  }
}

/** One line that rewrites itself on a terminal; elsewhere a line per phase, and one every few seconds. */
function progressLine() {
  const { isTTY, columns = 80 } = process.stderr;
  let lastPhase = '';
  let lastTime = 0;
  let open = false;
  const show = (phase, text) => {
    if (isTTY) {
      process.stderr.write(`\r\x1b[K${text.slice(0, columns - 1)}`);
      open = true;
      return;
    }
    if (phase === lastPhase && Date.now() - lastTime < 5000) return;
    lastPhase = phase;
    lastTime = Date.now();
    process.stderr.write(`${text}\n`);
  };
  return { show, end: () => open && process.stderr.write('\n') };
}

/** Hands over to the job; signals reach it, and its exit code becomes ours. */
function runJob(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; it decides, and we wait for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

const [job = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(jobs, job))
  stop(EXIT_USAGE, `Unknown job "${job}".\n  help: one of ${Object.keys(jobs).join(', ')}`);
checkNode();
installPackages();
step('building', [process.execPath, join('node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/posttrain']);
await setUpEngine();
const [script, ...leading] = jobs[job];
runJob([join(root, script), ...leading, ...rest]);

// Runs the built tests, one process a file, and says what failed, what was skipped and why, and how many passed.
//   node scripts/run-tests.mjs [filter …]     a filter is part of a test file's path, such as `data/` or `packing`
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'packages', 'posttrain', 'dist');
const CONCURRENCY = 2;
// Two files compute at once: with more than one thread each they would wait for one another.
process.env.OMP_NUM_THREADS ??= '1';
const FILE_TIMEOUT_MS = 15 * 60_000;
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

/** Test files whose source still exists: a compiler removes no outputs of deleted sources. */
function testFiles(filters) {
  const names = readdirSync(dist, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .sort();
  const hasSource = (name) => existsSync(join(dist, '..', 'src', name.replace(/\.js$/, '.ts')));
  const isWanted = (name) =>
    filters.length === 0 || filters.some((filter) => name.split(sep).join('/').includes(filter));
  return names.filter((name) => hasSource(name) && isWanted(name)).map((name) => join(dist, name));
}

const shortName = (file) => (file ? relative(dist, file) : '');

/** Collects what the runner reports; prints a line for each file when its last test is in. */
function collect() {
  const state = { failures: [], skips: [], summary: new Map(), output: new Map() };
  let current = { file: '', passed: 0, failed: 0 };
  const closeFile = () => {
    const { file, passed, failed } = current;
    if (file)
      console.log(
        `${failed > 0 ? '✖' : '✔'} ${shortName(file)}  ${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`,
      );
  };
  const count = (data, key) => {
    const file = data.file ?? data.name;
    if (file !== current.file) {
      closeFile();
      current = { file, passed: 0, failed: 0 };
    }
    current[key] += 1;
  };
  const on = {
    'test:pass': (data) => {
      const reason = data.skip ?? data.todo;
      if (reason !== undefined)
        state.skips.push({
          file: data.file,
          name: data.name,
          reason: reason === true || reason === '' ? 'no reason given' : reason,
        });
      else if (data.details?.type !== 'suite') count(data, 'passed');
    },
    'test:fail': (data) => {
      // A suite or file that failed only because a test in it did says nothing new.
      if (data.details?.error?.failureType === 'subtestsFailed') return;
      count(data, 'failed');
      state.failures.push(data);
    },
    'test:stdout': ({ file, message }) => state.output.set(file, (state.output.get(file) ?? '') + message),
    'test:stderr': ({ file, message }) => state.output.set(file, (state.output.get(file) ?? '') + message),
    'test:diagnostic': ({ message }) => {
      const match = SUMMARY.exec(message);
      if (match) state.summary.set(match[1], match[2]);
    },
  };
  return { state, on, closeFile };
}

/** A test's failure is its cause; a file that fails as a whole, by a crash for example, has an end instead. */
function describe(failure) {
  const { exitCode, signal, cause } = failure;
  if (exitCode || signal) return `the process ended by ${signal ? `signal ${signal}` : `exit code ${exitCode}`}`;
  return inspect(cause ?? failure, { depth: 5 });
}

function printFailures({ failures, output }) {
  for (const { name, file, line, details } of failures) {
    console.log(`\n✖ ${name}\n  at ${shortName(file)}${line ? `:${line}` : ''}`);
    console.log(describe(details?.error ?? {}).replace(/^/gm, '  '));
  }
  for (const file of new Set(failures.map((failure) => failure.file ?? failure.name))) {
    const text = output.get(file);
    if (text?.trim()) console.log(`\noutput of ${shortName(file)}:\n${text.trimEnd().slice(-4000)}`);
  }
}

/** Prints the skipped tests; returns how many docs/skips.md does not list by their reason. */
function printSkips(skips) {
  if (skips.length === 0) return 0;
  const page = join(root, 'docs', 'skips.md');
  const listed = existsSync(page) ? readFileSync(page, 'utf8') : null;
  let unlisted = 0;
  console.log('\nskipped:');
  for (const { file, name, reason } of skips) {
    const known = listed === null || listed.includes(reason);
    if (!known) unlisted += 1;
    console.log(`  ${shortName(file)}: ${name}: ${reason}${known ? '' : '  (this reason is not in docs/skips.md)'}`);
  }
  return unlisted;
}

const filters = process.argv.slice(2);
const files = testFiles(filters);
if (files.length === 0) {
  console.log(filters.length > 0 ? `No test file matches ${filters.join(', ')}.` : 'No built test file was found.');
  console.log('0 passed, 0 failed');
  process.exit(1);
}
const { state, on, closeFile } = collect();
const stream = run({ files, concurrency: CONCURRENCY, timeout: FILE_TIMEOUT_MS });
for (const [event, listener] of Object.entries(on)) stream.on(event, listener);
stream.resume();
stream.on('end', () => {
  closeFile();
  printFailures(state);
  const unlisted = printSkips(state.skips);
  console.log('');
  for (const [key, value] of state.summary) console.log(`ℹ ${key} ${value}`);
  const number = (key) => Number(state.summary.get(key) ?? 0);
  const failed = number('fail') + number('cancelled') + unlisted;
  console.log(`${number('pass')} passed, ${failed} failed, ${number('skipped') + number('todo')} skipped`);
  process.exitCode = failed > 0 || number('pass') === 0 ? 1 : 0;
});

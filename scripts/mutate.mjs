// Breaks the code on purpose and looks whether a test notices: each mutant of scripts/mutants*.mjs is applied to a copy of
// the compiled code, and its tests are run. Fails where a mutant survives, or where the code it changes is no more.
//   npm run -s mutate [-- words …]        only mutants of these groups (training, likelihoods, scoring, evaluation, rewards, distillation, ppo), or whose description or file
//                                         holds one of the words
//   --build FOLDER                        another compiled build than packages/posttrain/dist
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants as training } from './mutants.mjs';
import { mutants as distillation } from './mutants-distill.mjs';
import { mutants as evaluation } from './mutants-evaluate.mjs';
import { mutants as likelihoods } from './mutants-likelihoods.mjs';
import { mutants as ppo } from './mutants-ppo.mjs';
import { mutants as rewards } from './mutants-rewards.mjs';
import { mutants as scoring } from './mutants-scoring.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packageFolder = join(root, 'packages', 'posttrain');
const TIMEOUT_MS = 10 * 60_000;

const { values, positionals } = parseArgs({ options: { build: { type: 'string' } }, allowPositionals: true });
const build = resolve(values.build ?? join(packageFolder, 'dist'));
if (!existsSync(build)) {
  process.stderr.write(`There is no ${build}.\n  help: npm run build makes it.\n`);
  process.exit(2);
}
const groups = { training, likelihoods, scoring, evaluation, rewards, distillation, ppo };
const chosen = Object.entries(groups).flatMap(([group, mutants]) =>
  mutants.filter(
    ({ what, file }) =>
      positionals.length === 0 ||
      positionals.some((word) => (Object.hasOwn(groups, word) ? word === group : `${what} ${file}`.includes(word))),
  ),
);
if (chosen.length === 0) {
  process.stderr.write(
    `No mutant is of ${positionals.join(', ')}.\n  help: the groups are ${Object.keys(groups).join(', ')}.\n`,
  );
  process.exit(2);
}
// A sibling of the build: compiled tests find fixtures and assets by relative paths.
const copy = join(packageFolder, `.build-mutants-${process.pid}`);
const widest = Math.max(...chosen.map(({ what }) => what.length));

/** Where the text to be changed stands, white space aside; undefined unless it is there exactly once. */
function locate(text, find) {
  const pattern = find.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s*');
  const matches = [...text.matchAll(new RegExp(pattern, 'g'))];
  return matches.length === 1 ? { start: matches[0].index, end: matches[0].index + matches[0][0].length } : undefined;
}

/** Whether a test file passes. A test that never ends has noticed something too. */
function passes(test) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(copy, test)], { stdio: 'ignore', timeout: TIMEOUT_MS });
    child.once('close', (code) => done(code === 0));
  });
}

async function judge({ file, find, replace, tests }) {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  const place = locate(original, find);
  if (!place) return 'stale';
  writeFileSync(path, original.slice(0, place.start) + replace + original.slice(place.end));
  try {
    // One after the other: most are noticed by the first.
    for (const test of tests) if (!(await passes(test))) return 'killed';
    return 'survived';
  } finally {
    writeFileSync(path, original);
  }
}

const count = { killed: 0, survived: 0, stale: 0 };
try {
  cpSync(build, copy, { recursive: true });
  const needed = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const failing = [];
  for (const test of needed) if (!(await passes(test))) failing.push(test);
  if (failing.length > 0) throw new Error(`these tests fail without any mutant: ${failing.join(', ')}`);
  for (const mutant of chosen) {
    const verdict = await judge(mutant);
    count[verdict]++;
    process.stdout.write(`${verdict.padEnd(8)}  ${mutant.what.padEnd(widest)}  ${mutant.file}\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const { killed, survived, stale } = count;
process.stdout.write(
  `\n${killed} of ${chosen.length} mutants killed, ${survived} survived, ${stale} change code that is no more\n`,
);
process.exitCode = survived + stale > 0 || killed === 0 ? 1 : 0;

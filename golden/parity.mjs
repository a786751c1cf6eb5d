// Remakes the fixtures with the live peers (PyTorch, transformers, TRL, and the references of scorers) in a temporary folder and compares them with the
// committed ones.
//
//   POSTTRAIN_PEERS=<python environment> node golden/parity.mjs [--full] [--learn] [--only tiny,sft]
//
// --full makes the counter-curves too; --learn repeats the learning runs (half an hour). Exit codes: 0 all agree, 1 a fixture is
// stale or a script failed, 3 POSTTRAIN_PEERS is not set, or a step named by --only lacks packages there (others are then left out, with a line).
// Our own side is compared with the fixtures by the package's tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const golden = dirname(fileURLToPath(import.meta.url));
const SAME_MACHINE = 1e-6;
// Where the fixture was made on another kind of CPU or with other versions: the comparison rule, by the key that holds the numbers.
const ELSEWHERE = { losses: 2e-5, gradNorms: 1e-3, trainLosses: 1e-2, heldOut: 1e-2, end: 1e-2, meanEnd: 1e-2, gaps: 1e-3, after: 2e-2, gradient: 1e-4 };
const ELSEWHERE_VALUES = 1e-5;
// What depends on rounding alone, or is text about the making.
const IGNORED = new Set(['madeWith', 'rounding', 'largestDifference', 'largestNormDifference']);
const ONLY_IN_FULL = new Set(['counterCurves']);
const STEPS = [
  { name: 'models', script: 'checkpoints.py', folders: ['models/babyllama-361', 'models/stories260K'] },
  { name: 'tiny', script: 'tiny_llama.py', folders: ['tiny'] },
  { name: 'reward', script: 'reward_model.py', folders: ['reward'] },
  { name: 'baselines', script: 'pair_baselines.py', folders: ['baselines'], modules: ['sklearn', 'scipy'] },
  { name: 'optim', script: 'optimizers.py', folders: ['optim'] },
  { name: 'rows', script: 'instruction_rows.py', folders: ['models/babyllama-361-chat', 'models/tiny-bpe', 'sft/rows.jsonl', 'learn/instruction.jsonl'] },
  { name: 'sft', script: 'sft_trajectories.py', folders: ['sft'], needs: ['models', 'rows'] },
  { name: 'policy', script: 'trl_policy.py', folders: ['policy'] },
  { name: 'preference', script: 'preference_trajectories.py', folders: ['preference'], needs: ['rows'] },
  { name: 'lora', script: 'lora.py', folders: ['lora/peft', 'lora/start', 'lora/logits.safetensors', 'lora/fixture.json', 'lora/sft.packed.json', 'lora/sft.unpacked.json'], needs: ['models', 'rows'], modules: ['peft'] },
  { name: 'distill', script: 'distill_trajectories.py', folders: ['distill'], needs: ['models', 'rows', 'sft'] },
  { name: 'scoring', script: '../scoring/make.py', folders: ['scoring'], modules: ['lm_eval', 'rouge_score', 'nltk', 'punkt', 'langdetect', 'immutabledict', 'packaging', 'numpy'] },
  { name: 'likelihood', script: '../likelihood/make.py', folders: ['likelihood'], modules: ['lm_eval'] },
  { name: 'learn', script: 'babyllama_learn.py', folders: ['learn'], needs: ['models', 'rows'] },
];

function parseArguments(argv) {
  const only = argv.includes('--only') ? argv[argv.indexOf('--only') + 1].split(',') : undefined;
  const unknown = argv.filter((a, i) => !['--full', '--learn', '--only'].includes(a) && argv[i - 1] !== '--only');
  const names = STEPS.map((step) => step.name);
  const wrong = [...unknown, ...(only ?? []).filter((name) => !names.includes(name))];
  if (wrong.length > 0) {
    console.error(`parity: unknown argument ${wrong.join(', ')}.\n  help: --full, --learn, --only ${names.join(',')}`);
    process.exit(2);
  }
  const wanted = only ?? names.filter((name) => name !== 'learn' || argv.includes('--learn'));
  return { full: argv.includes('--full'), wanted, named: only ?? [] };
}

function findPython(folder) {
  const found = [join(folder, 'bin', 'python'), join(folder, 'Scripts', 'python.exe')].find((file) => existsSync(file));
  if (found === undefined) {
    console.error(`parity: POSTTRAIN_PEERS is ${folder}, which holds neither bin/python nor Scripts/python.exe.`);
    process.exit(3);
  }
  return found;
}

/** Whether the environment has the packages of a step; where it was asked for by name, none may be missing. */
function hasModules(python, { name, modules = [] }, demanded) {
  const code = 'import importlib.util, sys; print(*[m for m in sys.argv[1:] if importlib.util.find_spec(m) is None])';
  const missing = modules.length === 0 ? '' : spawnSync(python, ['-c', code, ...modules], { encoding: 'utf8' }).stdout.trim();
  if (missing === '') return true;
  console.error(`parity: ${name} is left out: ${peersName(python)} has no ${missing.replaceAll(' ', ', ')}.\n  help: golden/README.md says which packages it needs.`);
  if (demanded) process.exit(3);
  return false;
}

const peersName = (python) => dirname(dirname(python));

function filesUnder(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesUnder(join(path, name)));
}

/** Worst relative difference of every group of numbers, as [{ key, worst }]; a missing or different plain value has worst = Infinity. */
function* differences(committed, made, key, full) {
  if (Array.isArray(committed) && Array.isArray(made) && committed.every((v) => typeof v === 'number')) {
    yield { key, worst: ofNumbers(committed, made) };
  } else if (typeof committed === 'number' && typeof made === 'number') {
    yield { key, worst: ofNumbers([committed], [made]) };
  } else if (isTree(committed) && isTree(made)) {
    for (const name of new Set([...Object.keys(committed), ...Object.keys(made)])) {
      if (IGNORED.has(name) || (!full && ONLY_IN_FULL.has(name))) continue;
      yield* differences(committed[name], made[name], /^\d+$/.test(name) ? key : name, full);
    }
  } else {
    yield { key, worst: committed === made ? 0 : Infinity };
  }
}

const isTree = (value) => typeof value === 'object' && value !== null;

/** max|a − b| / max|b|; absolute where max|b| is below 1e-8. NaN and a different length count as Infinity. */
function ofNumbers(b, a) {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= difference)) difference = Number.isNaN(d) ? Infinity : d;
    if (Math.abs(b[i]) > size) size = Math.abs(b[i]);
  }
  return size < 1e-8 ? difference : difference / size;
}

/** Tensors of a safetensors file: float32 as numbers, other types as bytes. */
function readTensors(file) {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  delete header.__metadata__;
  const tensors = {};
  for (const [name, { dtype, data_offsets: [start, end], shape }] of Object.entries(header)) {
    const data = bytes.subarray(8 + length + start, 8 + length + end);
    const values = dtype === 'F32' ? new Float32Array(new Uint8Array(data).buffer) : new Uint8Array(data);
    tensors[name] = { shape: `${dtype} ${shape}`, values };
  }
  return tensors;
}

function* tensorDifferences(committed, made) {
  const [b, a] = [readTensors(committed), readTensors(made)];
  for (const name of new Set([...Object.keys(b), ...Object.keys(a)])) {
    const same = b[name]?.shape === a[name]?.shape;
    yield { key: name.startsWith('gradient.') || committed.endsWith('gradients.safetensors') ? 'gradient' : name, worst: same ? ofNumbers(b[name].values, a[name].values) : Infinity };
  }
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Compares one file; the tolerance depends on where the committed one was made. */
function compareFile(name, temporary, full) {
  const [committed, made] = [join(golden, name), join(temporary, name)];
  if (!existsSync(committed)) return { name, verdict: 'not committed', worst: Infinity, key: '' };
  if (!existsSync(made)) return { name, verdict: 'not made', worst: Infinity, key: '' };
  const elsewhere = madeElsewhere(name, temporary);
  const found = name.endsWith('.safetensors') ? [...tensorDifferences(committed, made)]
    : name.endsWith('.json') ? [...differences(readJson(committed), readJson(made), '', full)]
    : [{ key: 'text', worst: readFileSync(committed).equals(readFileSync(made)) ? 0 : Infinity }];
  const allowed = (key) => (elsewhere.length > 0 ? (ELSEWHERE[key] ?? ELSEWHERE_VALUES) : SAME_MACHINE);
  const worst = found.reduce((a, b) => (b.worst / allowed(b.key) > a.worst / allowed(a.key) ? b : a), { key: '', worst: 0 });
  return { name, ...worst, allowed: allowed(worst.key), elsewhere, verdict: worst.worst <= allowed(worst.key) ? 'ok' : 'STALE' };
}

/** Traits (versions, CPU) in which the committed fixture's making differs from this one. */
function madeElsewhere(name, temporary) {
  const beside = name.endsWith('.json') ? [name] : [join(dirname(name), 'fixture.json'), 'models/babyllama-361/fixture.json'];
  const file = beside.find((f) => existsSync(join(golden, f)) && existsSync(join(temporary, f)));
  const [then, now] = file === undefined ? [{}, {}] : [readJson(join(golden, file)).madeWith ?? {}, readJson(join(temporary, file)).madeWith ?? {}];
  return Object.keys(then).filter((trait) => then[trait] !== now[trait]).map((trait) => `${trait} ${then[trait]} → ${now[trait]}`);
}

function main() {
  const { full, wanted: asked, named } = parseArguments(process.argv.slice(2));
  const peers = process.env.POSTTRAIN_PEERS;
  if (peers === undefined || peers === '') {
    console.error('parity: POSTTRAIN_PEERS is not set, so TRL cannot be run.\n  help: set it to a Python environment made as golden/README.md says.');
    process.exit(3);
  }
  const python = findPython(peers);
  const wanted = asked.filter((name) => hasModules(python, STEPS.find((step) => step.name === name), named.includes(name)));
  const temporary = mkdtempSync(join(tmpdir(), 'golden-parity-'));
  const needed = new Set([...wanted, ...STEPS.filter((step) => wanted.includes(step.name)).flatMap((step) => step.needs ?? [])]);
  const rows = [];
  let failed = false;
  for (const step of STEPS.filter((s) => needed.has(s.name))) {
    // The chat folder's settings are written by checkpoints.py, its rows.json by instruction_rows.py.
    const quick = ['sft', 'preference', 'distill'].includes(step.name) && !full ? ['--quick'] : [];
    console.error(`parity: ${step.script} ${quick.join(' ')}`);
    const ran = spawnSync(python, [join(golden, 'scripts', step.script), ...quick], { env: { ...process.env, GOLDEN_OUT: temporary }, encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (ran.status !== 0) {
      console.error(`${ran.stdout}${ran.stderr}\nparity: ${step.script} ended with ${ran.status ?? ran.signal ?? ran.error?.message}.`);
      failed = true;
      break;
    }
    if (!wanted.includes(step.name)) continue;
    const made = step.folders.map((folder) => join(temporary, folder)).filter((path) => existsSync(path)).flatMap(filesUnder).map((file) => relative(temporary, file));
    for (const name of made.filter((file) => !rows.some((row) => row.name === file))) rows.push(compareFile(name, temporary, full));
  }
  rmSync(temporary, { recursive: true, force: true });
  printTable(rows);
  process.exit(failed || rows.some((row) => row.verdict !== 'ok') ? 1 : 0);
}

function printTable(rows) {
  const width = Math.max(10, ...rows.map((row) => row.name.length));
  console.log(`${'fixture'.padEnd(width)}  verdict  worst     allowed   where`);
  for (const row of rows) {
    const number = (value) => (value === undefined ? '' : value.toExponential(1)).padEnd(8);
    console.log(`${row.name.padEnd(width)}  ${row.verdict.padEnd(7)}  ${number(row.worst)}  ${number(row.allowed)}  ${row.key}`);
  }
  const traits = new Set(rows.flatMap((row) => row.elsewhere ?? []));
  if (traits.size > 0) console.log(`Compared by the looser rule, since the making differs: ${[...traits].join('; ')}.`);
  const stale = rows.filter((row) => row.verdict !== 'ok').length;
  console.log(stale === 0 ? `${rows.length} files agree with the live peers.` : `${stale} of ${rows.length} files do not agree with the live peers.`);
}

main();

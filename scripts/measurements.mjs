// Runs one measurement of a collection: the benches of bench/main.mjs, the studies of recipes/main.mjs.
//   main.mjs NAME [key=value …] [--json]      main.mjs --list [--json]
// A measurement is a module that exports
//   description        one line for --list
//   settings           optional: numbers that key=value may change, with their defaults
//   run(options)       resolves to { ok, ours, peers, bound, ratio, … }, null where there is no such thing; options are
//                        settings   the numbers
//                        peers      the python of the peers' environment ($POSTTRAIN_PEERS), or null: only our side runs
//                        log(text)  a line of progress, to stderr
// Its `versions` are added to ours. With --json the last line of stdout is the record as one JSON object.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect, parseArgs } from 'node:util';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

class UsageError extends Error {}

/**
 * @param {{ kind: string, files: Record<string, string>, save: (name: string, record: object) => void }} collection
 *   what one is called, the module of each by its name, and where a finished record goes
 */
export async function runCollection(collection) {
  try {
    process.exitCode = await runCommand(collection, process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof UsageError ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function runCommand({ kind, files, save }, args) {
  const { name, changes, json, list } = readArguments(kind, args);
  if (list) {
    await printList(files, json);
    return 0;
  }
  if (!Object.hasOwn(files, name)) throw new UsageError(await unknownName(kind, name, Object.keys(files)));
  const measurement = await load(files[name]);
  const settings = settingsOf(name, measurement.settings ?? {}, changes);
  const log = (text) => process.stderr.write(`${text}\n`);
  const record = await measure(name, measurement, { settings, peers: peersPython(), log });
  save(name, record);
  process.stdout.write(json ? `${JSON.stringify(record)}\n` : `${inspect(record, { depth: 6, breakLength: 120 })}\n`);
  return record.ok ? 0 : EXIT_FAILED;
}

function readArguments(kind, args) {
  const options = { json: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } };
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals } = parsed;
  const [name, ...changes] = positionals;
  if (name === undefined && !values.list) throw new UsageError(`Which ${kind}? --list lists them.`);
  return { name, changes, ...values };
}

const load = (file) => import(pathToFileURL(file).href);

async function printList(files, json) {
  const entries = [];
  for (const [name, file] of Object.entries(files)) entries.push({ name, description: (await load(file)).description });
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, description }) => `${name.padEnd(width)}  ${description}`);
  process.stdout.write(json ? `${JSON.stringify(entries)}\n` : `${lines.join('\n')}\n`);
}

async function unknownName(kind, name, names) {
  const { nearestFirst } = await load(join(root, 'packages', 'posttrain', 'dist', 'support', 'nearest.js'));
  return `There is no ${kind} "${name}".\n  help: nearest first: ${nearestFirst(name, names).join(', ')}`;
}

function settingsOf(name, defaults, changes) {
  const settings = { ...defaults };
  for (const change of changes) {
    const [key, text = ''] = change.split('=');
    const keys = Object.keys(defaults);
    if (!Object.hasOwn(defaults, key))
      throw new UsageError(
        `${name} has no setting "${key}".\n  help: ${keys.length > 0 ? `its settings: ${keys.join(', ')}` : 'it has none'}`,
      );
    if (text === '' || !Number.isFinite(Number(text))) throw new UsageError(`${change}: "${text}" is not a number.`);
    settings[key] = Number(text);
  }
  return settings;
}

function peersPython() {
  const folder = process.env.POSTTRAIN_PEERS;
  if (!folder) return null;
  const places = [join(folder, 'bin', 'python'), join(folder, 'Scripts', 'python.exe')];
  const python = places.find((path) => existsSync(path));
  if (python) return python;
  throw new UsageError(
    `POSTTRAIN_PEERS is ${folder}, but there is no ${places[0]}.\n  help: name the folder of a Python environment, or unset it to run our side alone.`,
  );
}

async function measure(name, { run }, options) {
  const begun = new Date();
  const { versions, ...result } = await run(options);
  const posttrain = JSON.parse(readFileSync(join(root, 'packages', 'posttrain', 'package.json'), 'utf8')).version;
  return {
    name,
    ...result,
    settings: options.settings,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memory: totalmem() },
    commit: commit(),
    date: begun.toISOString(),
    seconds: (Date.now() - begun.getTime()) / 1000,
    versions: { posttrain, node: process.versions.node, ...versions },
  };
}

/** The commit, marked where files differ from it; null outside a repository. */
function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const head = git('rev-parse', 'HEAD');
  if (head.status !== 0) return null;
  return head.stdout.trim() + (git('status', '--porcelain', '--untracked-files=no').stdout.trim() ? '+changes' : '');
}

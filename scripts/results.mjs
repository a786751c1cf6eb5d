// Writes the measured figures of README.md and docs/speed.md from stored results, and nothing else: node scripts/results.mjs
// A row whose result is not stored is left out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './measurements.mjs';

const begin = '<!-- results:begin -->';
const end = '<!-- results:end -->';

/** The last record of a bench, or a study's. */
function stored(kind, name) {
  const file =
    kind === 'bench' ? join(root, 'bench', 'results', `${name}.jsonl`) : join(root, 'recipes', name, 'result.json');
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8').trim();
  return JSON.parse(kind === 'bench' ? text.split('\n').at(-1) : text);
}

const percent = ({ share, low, high }) =>
  `${(100 * share).toFixed(1)} % [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
const fixed = (value, digits) => value.toFixed(digits);

const microseconds = (ns) => `${fixed(ns / 1000, 2)} µs`;

/** What each stored result says in one line: [claim, figure]. */
const rows = {
  'study pocket-base': ({ ours: { base, tuned } }) => [
    ['embedded model after SFT, well-formed answers', `${percent(base.format)} → ${percent(tuned.format)}`],
    ['… facts whose questions were trained', `${percent(base.closed)} → ${percent(tuned.closed)}`],
    ['… reading sources: value, citation and name', `${percent(base.grounded)} → ${percent(tuned.grounded)}`],
    ['… says so when no source answers', `${percent(base.unanswerable)} → ${percent(tuned.unanswerable)}`],
    ['… facts known before, still known', `${percent(base.cloze)} → ${percent(tuned.cloze)}`],
  ],
  'study babyllama-sft': learned('a 1 M parameter checkpoint tuned on instructions, held-out loss'),
  'study babyllama-pretrain': learned('the same checkpoint on children’s books, held-out loss'),
  'study open-saved': ({ peers }) => [
    [
      'saved folders that transformers opens with equal logits and greedy tokens',
      `${peers.filter(({ same }) => same).length} of ${peers.length}`,
    ],
  ],
  'study kill': ({ ours: { kills, problems } }) => [
    ['killed at random, resumed, equal bit for bit', `${kills - problems.length} of ${kills}`],
  ],
  'bench op-overhead': ({ ours, peers, ratioOfMedians }) => [
    [
      'small operator, result freed, median',
      `${microseconds(ours.medianNs)}${peers ? `; PyTorch from Python ${microseconds(peers.medianNs)} (ours ${fixed(ratioOfMedians, 2)}×)` : ''}`,
    ],
  ],
  'bench decode': ({ cells }) =>
    cells
      .filter(({ threads, ratio }) => threads === 1 && ratio !== null)
      .map(({ model, batch, dtype, oursTokensPerSecond, ratio, ratioToTuned }) => [
        `generation, ${model === 'pocket' ? 'embedded model' : '135M parameters'}, ${dtype}, batch ${batch}, one thread`,
        `${fixed(oursTokensPerSecond, 0)} tokens/s; transformers.generate ×${fixed(ratio, 1)} (tuned memory: ×${fixed(ratioToTuned, 1)})`,
      ]),
  'bench small-model': ({ ours, peers, ratio }) => [
    [
      'a training step of the embedded model, median',
      `${fixed(1000 * ours.secondsMedian, 1)} ms${peers ? `; PyTorch from Python at its best ${fixed(1000 * ours.secondsMedian * ratio, 1)} ms` : ''}`,
    ],
  ],
  'bench sft': ({ ours, ratio, settings }) =>
    Object.entries(ratio).map(([mode, { boundShare, timesDefault, memory }]) => [
      `SFT of a 135 M model in bf16, ${mode}, ${settings.threads} thread${settings.threads === 1 ? '' : 's'}`,
      `${fixed(ours[mode].tokensPerSecond, 0)} tokens/s, ${fixed(100 * boundShare, 0)} % of the bound${timesDefault ? `; ${fixed(timesDefault, 1)}× TRL, ${fixed(memory, 2)}× its memory` : ''}`,
    ]),
  'bench host-latency': ({ ours }) => [
    [
      'a server while it trains: 99th percentile, latest 500 ms timer',
      `${fixed(ours.requests.p99Ms, 1)} ms, ${fixed(ours.timers.maxLateMs, 1)} ms late`,
    ],
  ],
};

function learned(what) {
  return ({ ours: { before, mean, random }, peers }) => [
    [
      what,
      `${fixed(before, 2)} → ${fixed(mean, 3)} nats; PyTorch ${fixed(peers.mean, 3)}; from random weights ${fixed(random.meanEnd, 2)}`,
    ],
  ];
}

/** The block between the marks of README.md, marks left out. */
export function resultsBlock() {
  const lines = ['| measured | result | how |', '|---|---|---|'];
  const machines = new Set();
  for (const [source, describe] of Object.entries(rows)) {
    const record = stored(...source.split(' '));
    if (!record) continue;
    machines.add(`${record.machine.cores} cores of ${record.machine.cpu}, Node ${record.versions.node}`);
    for (const [claim, figure] of describe(record))
      lines.push(`| ${claim} | ${figure} | \`npm run -s ${source.replace(' ', ' -- ')}\` |`);
  }
  lines.push(
    '',
    `Brackets are 95 % intervals. Made by scripts/results.mjs from stored results; ${[...machines].join('; ')}.`,
  );
  return lines.join('\n');
}

const machineOf = ({ machine, versions }) =>
  `${machine.cores} cores of ${machine.cpu}, PyTorch ${versions.torch}, Node ${versions.node}`;

/** What a training step costs with each kernel switched off, between the marks of docs/speed.md. */
export function kernelsBlock() {
  const record = stored('bench', 'kernels');
  if (!record) return 'Not measured yet: `npm run -s bench -- kernels`.';
  const { ours, settings } = record;
  const on = ours.filter(({ state }) => state === 'on');
  const seconds = ({ cpuSecondsMedian }) => cpuSecondsMedian;
  const base = on.reduce((sum, run) => sum + seconds(run), 0) / on.length;
  const row = (what, run) =>
    `| ${what} | ${fixed(seconds(run), 2)} | ${run.state === 'on' ? '' : `${seconds(run) >= base ? '+' : '−'}${fixed(Math.abs(seconds(run) - base), 2)}`} | ${fixed(run.peakRss / 1e9, 2)} | ${run.faults} |`;
  const named = ({ state }) =>
    state === 'on' ? 'everything on' : state === 'off' ? 'all off' : `without \`${state.slice(4)}\``;
  return [
    '| training step | processor seconds | more than with everything on | peak memory, GB | page faults a step |',
    '|---|---|---|---|---|',
    ...ours.map((run) => row(named(run), run)),
    '',
    `${settings.threads} thread${settings.threads === 1 ? '' : 's'}, median of ${settings.steps} after one that is not counted; ${machineOf(record)}. Made by scripts/results.mjs from bench/results/kernels.jsonl.`,
  ].join('\n');
}

/** Which block stands in which file. */
const blocks = { 'README.md': resultsBlock, 'docs/speed.md': kernelsBlock };

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [file, block] of Object.entries(blocks)) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
    writeFileSync(path, `${before}\n${block()}\n${after}`);
  }
}

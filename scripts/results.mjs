// Writes the measured figures of README.md and docs from stored results, between their marks, and nothing else:
//   node scripts/results.mjs
// A mark is `<!-- results:begin NAME -->`, where NAME is a block below; `<!-- results:end -->` closes it. A row of the README whose
// result is not stored is left out.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distillBrief, pocketDistill } from './distill-blocks.mjs';
import { root } from './measurements.mjs';
import {
  dpoBrief,
  englishBase,
  hhReward,
  ktoBrief,
  otherBrief,
  pocketDpo,
  pocketPreferences,
  pocketReward,
} from './preference-blocks.mjs';
import { coverage, degenerate, harness, kernels, pocketSft } from './results-blocks.mjs';

/** The last record of a bench, or a study's. */
function stored(kind, name, record = 'result.json') {
  const file = kind === 'bench' ? join(root, 'bench', 'results', `${name}.jsonl`) : join(root, 'recipes', name, record);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8').trim();
  return JSON.parse(kind === 'bench' ? text.split('\n').at(-1) : text);
}

/** The last record; of a bench that was run with several numbers of threads, the last of each. */
function storedByThreads(kind, name) {
  const last = stored(kind, name);
  if (kind !== 'bench' || last === null || last.settings.threads === undefined) return last === null ? [] : [last];
  const lines = readFileSync(join(root, 'bench', 'results', `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  const byThreads = new Map(lines.map((line) => JSON.parse(line)).map((record) => [record.settings.threads, record]));
  return [...byThreads.values()].sort((a, b) => a.settings.threads - b.settings.threads);
}

const fixed = (value, digits) => value.toFixed(digits);

const microseconds = (ns) => `${fixed(ns / 1000, 2)} µs`;

/** What each stored result says in one line: [claim, figure]. */
const rows = {
  'study pocket-sft': ({ ours: { rows: figures, seeds, worse } }) => {
    const said = (label, name) => {
      const row = figures.find((one) => one.name === name);
      const { low, high } = row.interval;
      const range = `[${fixed(100 * low, 1)}, ${fixed(100 * high, 1)}]`;
      return [
        label,
        `${fixed(100 * row.before, 1)} → ${fixed(100 * row.after, 1)} %; change ${fixed(100 * row.change, 1)} ${range}, ${row.verdict}`,
      ];
    };
    return [
      said(
        `embedded model after SFT, mean of ${seeds.length} seeds: facts whose questions were trained`,
        'pocket/closed.correct',
      ),
      said('… facts nobody asked about in training', 'pocket/closed-held-out.correct'),
      said('… reading sources: value, citation and name', 'pocket/grounded.correct'),
      said('… says so when no source answers', 'pocket/abstention.abstention_recall'),
      said('… intent in scope', 'pocket/intent.in_scope_accuracy'),
      ['… figures that got worse, as the flawed demonstrations teach', String(worse.length)],
    ];
  },
  'study babyllama-sft': learned('a 1 M parameter checkpoint tuned on instructions, held-out loss'),
  'study babyllama-pretrain': learned('the same checkpoint on children’s books, held-out loss'),
  'study lm-eval': ({ peers, canned, versions }) => {
    const asked = [...peers, ...canned];
    const items = asked.reduce((sum, row) => sum + (row.items ?? row.scored), 0);
    const tied = peers.reduce((sum, row) => sum + row.leftOut.length, 0);
    const wrong = asked.reduce((sum, row) => sum + row.problems.length, 0);
    return [
      [
        `evaluation items whose likelihoods or scores differ from lm-evaluation-harness ${versions.lmEval}`,
        `${wrong} of ${items}; ${tied} near ties not scored`,
      ],
    ];
  },
  'study statistics': ({ ours }) => [
    [
      '95 % intervals of figures and differences, lowest coverage from 40 clusters on',
      `${fixed(100 * ours.lowestClaimed, 1)} %`,
    ],
  ],
  'study degenerate': ({ ours: { policies, hidden } }) => [
    [
      'figures that models without skill win, and that no row beside shows',
      `${hidden.length} of ${policies.reduce((sum, { wins }) => sum + wins.length, 0)}`,
    ],
  ],
  'study open-saved': ({ peers }) => [
    [
      'saved folders that transformers opens with equal logits and greedy tokens',
      `${peers.filter(({ same }) => same).length} of ${peers.length}`,
    ],
  ],
  'study kill': ({ ours: { kills, problems } }) => [
    ['killed at random, resumed, equal bit for bit', `${kills - problems.length} of ${kills}`],
  ],
  'bench harness': ({ measured, versions }) => {
    const of = (names) =>
      measured.flatMap(({ workloads }) => workloads.filter(({ workload }) => names.includes(workload)));
    const range = (names) => {
      const ratios = of(names).map(({ ratio }) => ratio);
      return `${fixed(Math.min(...ratios), 1)} to ${fixed(Math.max(...ratios), 1)} ×`;
    };
    return [
      [
        `evaluations beside lm-evaluation-harness ${versions.lmEval} at its best batch size, single continuations and texts`,
        range(['documents', 'continuations']),
      ],
      ['… choices and questions that begin alike', range(['questions', 'choices', 'letters'])],
    ];
  },
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
  'bench lora': besideTrl('LoRA, rank 16 on all linear maps'),
  'bench dpo': besideTrl('DPO'),
  'bench reward-model': besideTrl('a reward model'),
  'bench grpo': ({ ours, ratio: { draw, learn, step, memory }, settings: { threads } }) => [
    [
      `GRPO, 135 M model in bf16, 8 answers of 64 tokens a step, ${threads} thread${threads === 1 ? '' : 's'}`,
      `drawing ${fixed(ours.rolloutSecondsMedian, 2)} s, ${fixed(100 * draw.boundShare, 0)} % of its bound; learning ${fixed(ours.trainSecondsMedian, 2)} s, ${fixed(100 * learn.boundShare, 0)} %${step.timesDefault ? `; together ${fixed(step.timesDefault, 1)}× TRL, ${fixed(step.timesTuned, 1)}× at its best, ${fixed(memory, 2)}× its memory` : ''}`,
    ],
  ],
  'bench host-latency': ({ ours }) => [
    [
      'a server while it trains: 99th percentile, latest 500 ms timer',
      `${fixed(ours.requests.p99Ms, 1)} ms, ${fixed(ours.timers.maxLateMs, 1)} ms late`,
    ],
  ],
};

/** A training step of the 135 M model beside TRL's. */
function besideTrl(what) {
  return ({ ours, ratio: { boundShare, timesDefault, timesTuned, memory }, settings: { threads } }) => [
    [
      `${what}, 135 M model in bf16, ${threads} thread${threads === 1 ? '' : 's'}`,
      `${fixed(ours.tokensPerSecond, 0)} tokens/s, ${fixed(100 * boundShare, 0)} % of the bound${timesDefault ? `; ${fixed(timesDefault, 1)}× TRL, ${fixed(timesTuned, 1)}× at its best, ${fixed(memory, 2)}× its memory` : ''}`,
    ],
  ];
}

function learned(what) {
  return ({ ours: { before, mean, random }, peers }) => [
    [
      what,
      `${fixed(before, 2)} → ${fixed(mean, 3)} nats; PyTorch ${fixed(peers.mean, 3)}; from random weights ${fixed(random.meanEnd, 2)}`,
    ],
  ];
}

/** Lines of the README: what was measured, its figure, and the command that measures it. */
function measured() {
  const lines = ['| measured | result | how |', '|---|---|---|'];
  const machines = new Set();
  for (const [source, describe] of Object.entries(rows)) {
    for (const record of storedByThreads(...source.split(' '))) {
      machines.add(`${record.machine.cores} cores of ${record.machine.cpu}, Node ${record.versions.node}`);
      for (const [claim, figure] of describe(record))
        lines.push(`| ${claim} | ${figure} | \`npm run -s ${source.replace(' ', ' -- ')}\` |`);
    }
  }
  lines.push(
    '',
    `Brackets are 95 % intervals. Made by scripts/results.mjs from stored results; ${[...machines].join('; ')}.`,
  );
  return lines.join('\n');
}

/** By the name in their marks. */
const blocks = {
  measured,
  degenerate: () => degenerate(stored),
  coverage: () => coverage(stored),
  harness: () => harness(stored),
  kernels: () => kernels(stored),
  'pocket-sft': () => pocketSft(stored),
  'pocket-dpo': () => pocketDpo(stored),
  'pocket-reward': () => pocketReward(stored),
  'hh-reward': () => hhReward(stored),
  'pocket-distill': () => pocketDistill(stored),
  'distill-brief': () => distillBrief(stored),
  'english-base': () => englishBase(stored),
  'dpo-brief': () => dpoBrief(stored),
  'pocket-preferences': () => pocketPreferences(stored),
  'orpo-brief': () => otherBrief(stored, 'orpo'),
  'simpo-brief': () => otherBrief(stored, 'simpo'),
  'kto-brief': () => ktoBrief(stored),
};

const marked = /(<!-- results:begin (\S+) -->\n)([\s\S]*?)(\n<!-- results:end -->)/g;

/** Every page that may hold marks, relative to the root. */
export function pages() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((name) => `docs/${name}`);
  const studies = readdirSync(join(root, 'recipes')).map((name) => `recipes/${name}/README.md`);
  return ['README.md', ...docs.sort(), ...studies.sort()].filter(
    (page) => page.endsWith('.md') && existsSync(join(root, page)),
  );
}

/** The text of a page with its blocks made anew. @throws Error for a mark of no known name */
export function remade(text) {
  return text.replace(marked, (_, before, name, __, after) => {
    if (!Object.hasOwn(blocks, name))
      throw new Error(`There is no block "${name}"; known are ${Object.keys(blocks).join(', ')}.`);
    return `${before}${blocks[name]()}${after}`;
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const page of pages()) {
    const file = join(root, page);
    const text = readFileSync(file, 'utf8');
    if (remade(text) !== text) writeFileSync(file, remade(text));
  }
}

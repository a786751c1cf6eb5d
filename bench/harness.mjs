// How fast is an evaluation? Ours beside lm-evaluation-harness with its transformers backend: the same tasks and rows, float32, one thread,
// on two models, alternately in one run. What is timed is the whole evaluation of a task, from its rows to its figures (of
// lm-eval's without bootstraps), with the model loaded; loading is told apart.
//   POSTTRAIN_PEERS=… npm run -s bench -- harness --json
// $POSTTRAIN_SHARED (../shared unless set) has the rows in data/. The environment needs what recipes/lm-eval needs.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { harnessData, plainModel, randomModel } from './programs/harness-data.mjs';

export const description = 'seconds of whole evaluations, beside lm-evaluation-harness with its transformers backend';
export const settings = { rounds: 5, limit: 6, smallLimit: 24 };

const root = fileURLToPath(new URL('../', import.meta.url));
const shared = join(process.env.POSTTRAIN_SHARED ?? join(root, '../shared'), 'data');
/** Batch sizes that the peer is tried with, once each, to find its best. */
const batchSizes = [1, 2, 4, 8, 16, 32];
/** What each workload is to reach, by what its continuations share. */
const limits = { documents: 1.2, continuations: 1.2, questions: 2, choices: 2, letters: 2 };
const models = {
  'SmolLM2-135M, random weights': { make: randomModel, longest: 600, workloads: Object.keys(limits), limit: 'limit' },
  'babyllama-361': {
    make: (_shared, folder) => plainModel(join(root, 'golden/models/babyllama-361'), folder),
    longest: 170, // the model sees 256 tokens, hardly more than characters
    workloads: ['documents', 'continuations', 'questions'],
    limit: 'smallLimit',
  },
};

export async function run({ settings: given, peers, log }) {
  if (!existsSync(shared)) throw new Error(`${shared} is missing; POSTTRAIN_SHARED names the folder with data/.`);
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-harness-'));
  const measured = [];
  const versions = {};
  try {
    for (const [name, model] of Object.entries(models)) {
      const own = join(folder, name.replaceAll(/\W+/g, '-'));
      mkdirSync(join(own, 'scratch'), { recursive: true });
      const path = model.make(shared, join(own, 'model'));
      const data = harnessData(shared, join(own, 'data'), given[model.limit], model.longest);
      const wanted = model.workloads.join(',');
      const sides = {
        ours: await side(process.execPath, [
          ...process.execArgv,
          program('programs/harness-side.mjs'),
          path,
          JSON.stringify(data),
          join(own, 'scratch'),
          wanted,
        ]),
        peer: peers && (await side(peers, [program('peers/harness.py'), path, join(own, 'data'), wanted])),
      };
      try {
        const { rows, rates } = await measure(name, model.workloads, sides, given.rounds, log);
        measured.push({ model: name, rates, whole: wholeOf(sides, rows), workloads: rows });
        Object.assign(versions, { torch: sides.ours.ready.torch }, peerVersions(sides.peer));
      } finally {
        for (const one of Object.values(sides)) one?.end();
      }
      rmSync(own, { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const all = measured.flatMap(({ model, workloads }) => workloads.map((row) => ({ model, ...row })));
  const lowest = (names) => {
    const ratios = all.filter(({ workload }) => names.includes(workload)).map(({ ratio }) => ratio);
    return ratios.includes(null) ? null : Math.min(...ratios);
  };
  const ratio = { single: lowest(['documents', 'continuations']), shared: lowest(['questions', 'choices', 'letters']) };
  return {
    ok: all.every(
      ({ workload, ratio: reached, sameWork }) => reached === null || (reached >= limits[workload] && sameWork),
    ),
    measured,
    ours: null,
    peers: null,
    bound: null,
    ratio,
    limits,
    versions,
  };
}

async function measure(name, workloads, { ours, peer }, rounds, log) {
  const rows = workloads.map((workload) => ({ workload, times: { ours: [], default: [], best: [] }, batch: 1 }));
  const rates = { body: 0, head: 0 };
  for (const row of rows) {
    await ours.ask({ workload: row.workload }); // warm
    if (peer) row.batch = await bestBatch(peer, row.workload);
    log(`${name}, ${row.workload}: lm-eval's best batch is ${row.batch}`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const { workload, times, batch } = row;
      const found = (await ours.ask({ rates: true })).rates;
      for (const kind of Object.keys(rates)) rates[kind] = Math.max(rates[kind], found[kind]);
      times.ours.push(await ours.ask({ workload }));
      if (!peer) continue;
      times.default.push(await peer.ask({ workload, batch: 1 }));
      times.best.push(batch === 1 ? times.default.at(-1) : await peer.ask({ workload, batch }));
    }
    log(`${name}: round ${round + 1} of ${rounds}`);
  }
  return { rates, rows: rows.map((row) => summary(row, ours.ready.work[row.workload], rates, ours.ready.flops)) };
}

/** The batch size with the least processor time, which other programs disturb least; with the least time where that is not known. */
async function bestBatch(peer, workload) {
  let best = { batch: 1, cost: Number.POSITIVE_INFINITY };
  for (const batch of batchSizes) {
    const { seconds, processorSeconds } = await peer.ask({ workload, batch });
    const cost = processorSeconds ?? seconds;
    if (cost < best.cost) best = { batch, cost };
    else if (cost > 1.3 * best.cost) break; // larger ones are slower still
  }
  return best.batch;
}

function summary({ workload, times, batch }, work, rates, flops) {
  const column = (kind) =>
    times[kind].length === 0
      ? null
      : { ...spread(times[kind], 'seconds'), processor: spread(times[kind], 'processorSeconds') };
  const [ours, byDefault, best] = ['ours', 'default', 'best'].map(column);
  const bound = (work.tokens * flops.body) / rates.body + (work.positions * flops.head) / rates.head;
  const ratioOf = (read) => (best === null ? null : digits(Math.min(read(byDefault), read(best)) / read(ours), 2));
  const processorKnown = ours.processor !== null && (best === null || best.processor !== null);
  const [here, there] = [times.ours[0].logp, times.best[0]?.logp];
  return {
    workload,
    work,
    ours,
    peerByDefault: byDefault,
    peerAtBest: best && { batch, ...best },
    /** Matrix products alone, each token once, at the best rate of this run. */
    boundSeconds: digits(bound, 3),
    shareOfBound: digits(bound / ours.minimum, 2),
    ratio: ratioOf(({ minimum }) => minimum),
    ratioOfMedians: ratioOf(({ median }) => median),
    ratioOfProcessorTime: processorKnown ? ratioOf(({ processor }) => processor.minimum) : null,
    sameWork: there === undefined ? null : Math.abs(here - there) <= 1e-5 * Math.abs(there),
  };
}

/** Seconds from the start of a program until it is ready, of that the model's loading, and from the start to the last workload's end. */
function wholeOf({ ours, peer }, rows) {
  const of = ({ startSeconds, ready }, seconds) => ({
    startSeconds: digits(startSeconds, 2),
    loadSeconds: digits(ready.loadSeconds, 2),
    totalSeconds: digits(startSeconds + rows.reduce((sum, row) => sum + seconds(row), 0), 2),
  });
  return {
    ours: of(ours, (row) => row.ours.minimum),
    peer: peer && of(peer, (row) => Math.min(row.peerByDefault.minimum, row.peerAtBest.minimum)),
  };
}

function peerVersions(peer) {
  if (!peer) return {};
  const { versions } = peer.ready;
  return {
    lmEval: versions['lm-eval'],
    transformers: versions.transformers,
    peerTorch: versions.torch,
    python: versions.python,
  };
}

function spread(runs, key) {
  const sorted = runs.map((one) => one[key]).sort((a, b) => a - b);
  if (sorted.some((value) => value === null)) return null;
  const middle = (sorted.length - 1) / 2;
  return {
    minimum: digits(sorted[0], 3),
    median: digits((sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2, 3),
    runs: sorted.length,
  };
}

const program = (name) => fileURLToPath(new URL(`./${name}`, import.meta.url));
const digits = (value, count) => Number(value.toFixed(count));

/** A program that answers lines with lines. */
async function side(command, args) {
  const begun = performance.now();
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${args[0]} ended early.`);
    return JSON.parse(value);
  };
  const ready = await next();
  return {
    ready,
    startSeconds: (performance.now() - begun) / 1000,
    async ask(asked) {
      const before = processorSeconds(child.pid);
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      const answer = await next();
      const after = processorSeconds(child.pid);
      return { ...answer, processorSeconds: before === null || after === null ? null : after - before };
    },
    end: () => child.stdin.end(),
  };
}

/** Processor time of a process and those it started, from /proc; null where there is none. */
function processorSeconds(pid) {
  if (!existsSync('/proc/self/stat')) return null;
  const ticksPerSecond = 100;
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      all.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // ended meanwhile
    }
  }
  const belongs = (one) => one === pid || (all.has(one) && belongs(all.get(one).parent));
  return [...all].reduce((sum, [one, { ticks }]) => sum + (belongs(one) ? ticks : 0), 0) / ticksPerSecond;
}

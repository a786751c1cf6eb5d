// Generation beside transformers' generate: prompts of unequal length, prefill and sampler included, 64 new tokens a row, in
// bf16 on a random model of SmolLM2-135M's shape; and in float32 on the embedded model, where calls are what it costs.
// Both sides run the same weights and prompts, in alternation. Our packed weights are made once, as when a model is loaded.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadCausalLm } from 'posttrain/models';
import { noGrad, rand, scope, setThreads, threads } from 'posttrain/tensor';
import { makeModel, readingRate, shape135m } from './programs/bench-model.mjs';

export const description = 'generation, prefill and sampler included, beside transformers.generate';
/** Each round is one generation of each side for each batch and number of threads. */
export const settings = { rounds: 3, mostThreads: 2, newTokens: 64 };

const batches = [1, 8, 32];
/** How many times transformers' rate ours must be at least, by batch. */
const wanted = { '135m': [4, 3, 2], pocket: [1.5, 1.5, 1.5] };
const pocket = fileURLToPath(new URL('../packages/posttrain/assets/pocket/base', import.meta.url));
const peerProgram = fileURLToPath(new URL('./peers/generate.py', import.meta.url));
const ourProgram = fileURLToPath(new URL('./programs/generate.mjs', import.meta.url));
/** What each piece gains: one round with it switched off, at this batch and one thread. */
const pieces = { batch: 8, off: ['decode', 'sampler', 'decode,sampler'] };
/** What made the peer fastest among what was tried: blocks kept instead of given back, and large pages. */
const tuned = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '1000000000000',
  MALLOC_TOP_PAD_: '67108864',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};

export async function run({ settings, peers, log }) {
  const before = threads();
  const model = makeModel(shape135m);
  try {
    const large = await measureModel('135m', model, 'bfloat16', { settings, peers, log });
    const small = await measureModel('pocket', pocket, 'float32', { settings, peers, log });
    const switchedOff = await measurePieces(model, settings, log);
    const cells = [...large.cells, ...small.cells];
    return {
      ok: cells.every(({ ratio, wanted }) => ratio === null || ratio >= wanted),
      ours: { ...large.sides.ours, switchedOff },
      peers: peers ? { default: large.sides.default, tuned: { ...large.sides.tuned, environment: tuned } } : null,
      bound: large.rates,
      ratio: peers ? Math.min(...cells.map(({ ratio, wanted }) => ratio / wanted)) : null,
      ratioOf: 'the smallest ratio of cells, over what is wanted there',
      cells,
      sameGreedyTokens: small.sameGreedyTokens,
      versions: large.versions,
    };
  } finally {
    setThreads(before);
    rmSync(model, { recursive: true });
  }
}

async function measureModel(name, path, dtype, { settings: { rounds, mostThreads, newTokens }, peers, log }) {
  const { model } = loadCausalLm(path, { precision: dtype === 'bfloat16' ? 'bf16' : 'fp32' });
  const sides = { ours: await startOurs(path, dtype, {}) };
  if (peers) {
    sides.default = await startPeer(peers, path, dtype, {});
    sides.tuned = await startPeer(peers, path, dtype, tuned);
  }
  const cells = [];
  const rates = {};
  let sameGreedyTokens = null;
  try {
    for (let count = 1; count <= mostThreads; count++) {
      setThreads(count);
      rates[`threads${count}`] = measureRates(model, dtype);
      for (const [i, batch] of batches.entries()) {
        const prompts = promptsFor(batch, model.dimensions.vocabulary);
        const times = await alternate(sides, { prompts, threads: count, sample: true }, rounds, newTokens);
        const bound = boundOf(model, prompts, newTokens, dtype, rates[`threads${count}`]);
        const cell = cellOf(times, batch * newTokens, bound);
        cells.push({ model: name, dtype, threads: count, batch, wanted: wanted[name][i], ...cell });
        log(`${name} batch ${batch}, ${count} threads: ${JSON.stringify(cell)}`);
      }
    }
    if (peers && dtype === 'float32') {
      const request = { prompts: promptsFor(4, model.dimensions.vocabulary), newTokens, threads: 1, sample: false };
      const [ours, theirs] = [await sides.ours.generate(request), await sides.default.generate(request)];
      sameGreedyTokens = JSON.stringify(ours.tokens) === JSON.stringify(theirs.tokens);
    }
  } finally {
    for (const side of Object.values(sides)) side.end();
    model[Symbol.dispose]();
  }
  const versions = Object.assign({}, ...Object.values(sides).map((side) => side.versions));
  const facts = Object.fromEntries(Object.entries(sides).map(([which, side]) => [which, side.facts]));
  return { cells, sides: facts, rates, sameGreedyTokens, versions };
}

/** Times of each side's generations, one round after the other; the first of each warms up, and is short. */
async function alternate(sides, request, rounds, newTokens) {
  const times = Object.fromEntries(Object.keys(sides).map((which) => [which, []]));
  for (let round = -1; round < rounds; round++)
    for (const [which, side] of Object.entries(sides)) {
      const { seconds, cpuSeconds } = await side.generate({ ...request, newTokens: round < 0 ? 4 : newTokens });
      if (round >= 0) times[which].push({ seconds, cpuSeconds });
    }
  return times;
}

async function measurePieces(path, { rounds, newTokens }, log) {
  const made = {};
  for (const off of pieces.off) {
    const side = await startOurs(path, 'bfloat16', { POSTTRAIN_KERNELS: `off:${off}` });
    const prompts = promptsFor(pieces.batch, 49152);
    const times = await alternate({ side }, { prompts, threads: 1, sample: true }, rounds, newTokens);
    side.end();
    made[off] = {
      tokensPerSecond: round((pieces.batch * newTokens) / least(times.side, 'seconds')),
      times: times.side,
    };
    log(`without ${off}: ${made[off].tokensPerSecond} tokens/s`);
  }
  return { batch: pieces.batch, ...made };
}

/** Tokens of the first 32 questions of GSM8K's training set, by SmolLM2's tokenizer. */
const lengths = [
  39, 34, 61, 56, 27, 65, 62, 107, 112, 68, 76, 95, 41, 71, 31, 70, 56, 80, 64, 64, 73, 50, 63, 57, 81, 94, 53, 87, 50,
  55, 59, 64,
];

/** Prompts of those lengths and random tokens, the same for both sides and in every run. */
function promptsFor(batch, vocabulary) {
  let state = 7;
  const draw = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return lengths.slice(0, batch).map((length) => Array.from({ length }, () => 5 + draw(vocabulary - 5)));
}

const least = (times, which) => Math.min(...times.map((time) => time[which]));

function cellOf(times, tokens, bound) {
  const rate = (side) => (side ? round(tokens / least(side, 'seconds')) : null);
  const over = (side, which) => (side ? round(least(side, which) / least(times.ours, which), 2) : null);
  return {
    oursTokensPerSecond: rate(times.ours),
    peerTokensPerSecond: rate(times.default),
    peerTunedTokensPerSecond: rate(times.tuned),
    boundTokensPerSecond: round(tokens / bound),
    ratio: over(times.default, 'seconds'),
    ratioToTuned: over(times.tuned, 'seconds'),
    // With one thread: what a busy neighbour spoils less.
    ratioOfCpu: over(times.default, 'cpuSeconds'),
    shareOfBound: round(bound / least(times.ours, 'seconds'), 3),
    times,
  };
}

/** Seconds: each step reads all matrices once, or multiplies as many rows, whichever takes longer; prompts are multiplied. */
function boundOf(model, prompts, newTokens, dtype, { bytesPerSecond, flops }) {
  const matrices = model.parameters().filter((parameter) => parameter.shape.length === 2);
  const elements = matrices.reduce((sum, parameter) => sum + parameter.count, 0); // tied: the head's are the embedding's
  const { vocabulary, width } = model.dimensions;
  const inBlocks = elements - vocabulary * width;
  const promptTokens = prompts.reduce((sum, prompt) => sum + prompt.length, 0);
  const prefill = (2 * (inBlocks * promptTokens + vocabulary * width * prompts.length)) / flops;
  const bytes = elements * (dtype === 'bfloat16' ? 2 : 4);
  return prefill + (newTokens - 1) * Math.max(bytes / bytesPerSecond, (2 * elements * prompts.length) / flops);
}

/** This machine's bandwidth, reading memory that no cache holds, and its best matmul rate over the model's own shapes. */
function measureRates(model, dtype) {
  return scope(() =>
    noGrad(() => {
      const { width } = model.dimensions;
      const shapes = [...model.blocks[0].parameters(), model.parameters()[0]].filter(({ shape }) => shape.length === 2);
      const rates = shapes.map((weight) => {
        const rows = rand([512, weight.shape[1]]).toDtype(dtype);
        const repeats = Math.max(1, Math.round((512 * width * 3072) / (512 * weight.count)));
        const once = () => {
          for (let i = 0; i < repeats; i++) rows.linear(weight).dispose();
        };
        return (2 * 512 * weight.count * repeats) / best(8, once);
      });
      return { bytesPerSecond: readingRate(), flops: Math.max(...rates) };
    }),
  );
}

function best(times, body) {
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    body();
    least = Math.min(least, (performance.now() - begun) / 1000);
  }
  return least;
}

const startOurs = (path, dtype, env) => start(process.execPath, [ourProgram, path, dtype], env);
const startPeer = (python, path, dtype, env) =>
  start(python, [peerProgram, path, dtype], { HF_HUB_OFFLINE: '1', ...env });

/** A side's process: what it says first is its versions, and facts about it; then each request has one answer. */
async function start(command, args, env) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${args[0]} ended early.`);
    return JSON.parse(value);
  };
  const { packedBytes, packMs, ...versions } = await next();
  const facts = { packedBytes, packMs };
  return {
    versions,
    facts,
    async generate(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { peakBytes, ...answer } = await next();
      facts.peakBytes = peakBytes;
      return answer;
    },
    end: () => child.stdin.end(),
  };
}

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

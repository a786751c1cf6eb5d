// Generation beside transformers' generate: prompts of unequal length, prefill and sampler included, 64 new tokens a row, in
// bf16 on a random model of SmolLM2-135M's shape; and in float32 on the embedded model, where calls are what it costs.
// Both sides run the same weights and prompts, in alternation. Our packed weights are made once, as when a model is loaded.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decode, loadCausalLm, PackedWeights, saveModelFolder } from 'posttrain/models';
import { build, memory, noGrad, rand, scope, setThreads, threads } from 'posttrain/tensor';

export const description = 'generation, prefill and sampler included, beside transformers.generate';
/** Each round is one generation of each side for each batch and number of threads. */
export const settings = { rounds: 3, mostThreads: 2, newTokens: 64 };

const batches = [1, 8, 32];
/** How many times transformers' rate ours must be at least, by batch. */
const wanted = { '135m': [4, 3, 2], pocket: [1.5, 1.5, 1.5] };
const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const pocket = fileURLToPath(new URL('../packages/posttrain/assets/pocket/base', import.meta.url));
const program = fileURLToPath(new URL('./peers/generate.py', import.meta.url));
/** What made the peer fastest among what was tried: blocks kept instead of given back, and large pages. */
const tuned = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '1000000000000',
  MALLOC_TOP_PAD_: '67108864',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};

export async function run({ settings: { rounds, mostThreads, newTokens }, peers, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-decode-'));
  const before = threads();
  try {
    const large = await measureModel('135m', randomModel(folder), 'bf16', {
      rounds,
      mostThreads,
      newTokens,
      peers,
      log,
    });
    const small = await measureModel('pocket', pocket, 'fp32', { rounds, mostThreads, newTokens, peers, log });
    const cells = [...large.cells, ...small.cells];
    return {
      ok: cells.every(({ ratio, wanted }) => ratio === null || ratio >= wanted),
      ours: { packedBytes: large.packedBytes, packMs: large.packMs, peakRss: memory().peakRss },
      peers: large.peers,
      bound: large.rates,
      ratio: Math.min(...cells.map(({ ratio, wanted }) => (ratio ?? Infinity) / wanted)),
      ratioOf: 'the smallest share of what is wanted; see cells',
      cells,
      sameGreedyTokens: small.sameGreedyTokens,
      versions: { torch: build().torch, ...large.versions },
    };
  } finally {
    setThreads(before);
    rmSync(folder, { recursive: true });
  }
}

/** SmolLM2-135M's shape with weights drawn from a seed, saved where both sides read it. */
function randomModel(folder) {
  const [shape, saved] = [join(folder, 'shape'), join(folder, 'model')];
  cpSync(join(golden, 'models', 'tiny-bpe'), shape, { recursive: true });
  const config = JSON.parse(readFileSync(join(shape, 'config.json'), 'utf8'));
  const smol = {
    vocab_size: 49152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    head_dim: 64,
    max_position_embeddings: 2048,
    initializer_range: 0.02,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
  };
  writeFileSync(join(shape, 'config.json'), JSON.stringify({ ...config, ...smol }));
  const { model } = loadCausalLm(shape, { init: 'random', seed: 0 });
  saveModelFolder(saved, shape, new Map(model.namedParameters()));
  model[Symbol.dispose]();
  return saved;
}

async function measureModel(name, path, precision, { rounds, mostThreads, newTokens, peers, log }) {
  const { model } = loadCausalLm(path, { precision });
  const weights = PackedWeights.of(model) ?? undefined;
  const begun = performance.now();
  weights?.repack();
  const packMs = performance.now() - begun;
  const dtype = precision === 'bf16' ? 'bfloat16' : 'float32';
  const others = peers
    ? { default: await startPeer(peers, path, dtype, {}), tuned: await startPeer(peers, path, dtype, tuned) }
    : {};
  const cells = [];
  const peak = {};
  let rates = null;
  let sameGreedyTokens = null;
  try {
    for (let count = 1; count <= mostThreads; count++) {
      setThreads(count);
      rates = { ...rates, [`threads${count}`]: measureRates(model, dtype) };
      for (const [i, batch] of batches.entries()) {
        const prompts = promptsFor(batch, model.dimensions.vocabulary);
        const seconds = { ours: [], default: [], tuned: [] };
        const cpuSeconds = { ours: [], default: [], tuned: [] };
        const note = (which, answer) => {
          seconds[which].push(answer.seconds);
          cpuSeconds[which].push(answer.cpuSeconds);
        };
        for (let round = -1; round < rounds; round++) {
          // The first of each warms up, and is short.
          const request = { prompts, newTokens: round < 0 ? 4 : newTokens, threads: count, sample: true };
          const ours = await generate(model, weights, request);
          if (round >= 0) note('ours', ours);
          for (const [which, peer] of Object.entries(others)) {
            const answer = await peer.generate(request);
            peak[which] = answer.peakBytes;
            if (round >= 0) note(which, answer);
          }
        }
        const cell = cellOf(
          seconds,
          batch * newTokens,
          boundOf(model, prompts, newTokens, dtype, rates[`threads${count}`]),
        );
        cells.push({ model: name, precision, threads: count, batch, wanted: wanted[name][i], ...cell });
        log(`${name} batch ${batch}, ${count} threads: ${JSON.stringify(cell)}`);
      }
    }
    if (peers && precision === 'fp32') {
      const request = { prompts: promptsFor(4, model.dimensions.vocabulary), newTokens, threads: 1, sample: false };
      const [ours, theirs] = [await generate(model, weights, request), await others.default.generate(request)];
      sameGreedyTokens = JSON.stringify(ours.tokens) === JSON.stringify(theirs.tokens);
    }
  } finally {
    for (const peer of Object.values(others)) peer.end();
    weights?.[Symbol.dispose]();
    model[Symbol.dispose]();
  }
  const versions = others.default?.versions;
  const packedBytes = weights?.bytes ?? null;
  return {
    cells,
    peers: peers ? { peakRss: peak, tuned } : null,
    rates,
    sameGreedyTokens,
    packedBytes,
    packMs,
    versions,
  };
}

/** Lengths as those of questions in GSM8K: 40 to 140 tokens, the same for both sides and in every run. */
function promptsFor(batch, vocabulary) {
  let state = 7;
  const draw = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: batch }, () => Array.from({ length: 40 + draw(101) }, () => 5 + draw(vocabulary - 5)));
}

async function generate(model, weights, { prompts, newTokens, sample }) {
  const tokens = prompts.map(() => []);
  const begun = performance.now();
  const begunCpu = process.cpuUsage();
  await decode(model, prompts, {
    maxTokens: newTokens,
    endTokens: new Set(),
    sampling: { temperature: sample ? 1 : 0 },
    seeds: prompts.map((_, row) => row),
    weights,
    onToken: (row, token) => void tokens[row].push(token),
  });
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(begunCpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, tokens };
}

function cellOf(seconds, cpuSeconds, tokens, bound) {
  const least = (times) => Math.min(...times);
  const rate = (times) => (times.length > 0 ? round(tokens / least(times)) : null);
  const [ours, byDefault, best] = [rate(seconds.ours), rate(seconds.default), rate(seconds.tuned)];
  return {
    oursTokensPerSecond: ours,
    peerTokensPerSecond: byDefault,
    peerTunedTokensPerSecond: best,
    boundTokensPerSecond: round(tokens / bound),
    ratio: byDefault ? round(ours / byDefault, 2) : null,
    ratioToTuned: best ? round(ours / best, 2) : null,
    shareOfBound: round((bound * ours) / tokens, 3),
    // With one thread, what a busy neighbour spoils less.
    ratioOfCpu: byDefault ? round(least(cpuSeconds.default) / least(cpuSeconds.ours), 2) : null,
    seconds,
    cpuSeconds,
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
      const much = rand([64 << 20]);
      const reading = best(5, () => much.sumAll().dispose());
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
      return { bytesPerSecond: (4 * (64 << 20)) / reading, flops: Math.max(...rates) };
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

async function startPeer(python, path, dtype, env) {
  const child = spawn(python, [program, path, dtype], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, HF_HUB_OFFLINE: '1', ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended early.`);
    return JSON.parse(value);
  };
  const versions = await next();
  return {
    versions,
    generate(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    end: () => child.stdin.end(),
  };
}

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

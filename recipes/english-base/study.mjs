// Trains the English base from random weights with one ordinary `pretrain` recipe, in parts of `minutes`; README.md says
// what it is for. A stopped or killed part goes on where its last checkpoint stands.
//   npm run -s study -- english-base --json               needs ../shared/data/classic_books beside the repository
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel, train } from 'posttrain';
import { loadCausalLm, saveModelFolder } from 'posttrain/models';
import { readMetrics } from 'posttrain/runs';
import { noGrad } from 'posttrain/tensor';
import { readBooks } from './corpus.mjs';
import { config } from './model.mjs';
import { contextLength, tokenizerFiles } from './tokenizer.mjs';

export const description = 'trains the English base on public-domain books with this project’s own recipe';
/** `install=1` writes recipes/english-base/model; `minutes` ends a part, and the same command goes on with the next. */
export const settings = { seed: 1, threads: 1, epochs: 2, batch: 8, minutes: 30, install: 0 };

const installed = fileURLToPath(new URL('./model/', import.meta.url));
/** The most that the repository carries for it. */
const mostBytes = 12e6;

export async function run({ settings: { seed, threads, epochs, batch, minutes, install }, log }) {
  const work = join(tmpdir(), `posttrain-english-base-${seed}`);
  const { shape, heldOut, files } = writeInputs(work);
  const recipe = {
    method: 'pretrain',
    model: shape,
    init: 'random',
    data: { train: files.train, validation: files.heldOut, overlong: 'split', maxTokens: contextLength },
    batch,
    epochs,
    lr: 6e-3,
    schedule: { kind: 'linear', warmup: 100, hold: 0.4, floor: 0.02 },
    optimizer: { kind: 'muon', momentum: 0.95, betas: [0.9, 0.95], weightDecay: 0.01 },
    precision: 'bf16',
    forgetting: false,
    every: { evaluate: 500, checkpoint: 100, keep: 1 },
    seed,
    threads,
  };
  const { status, checkpoint, dir } = await trainPart(recipe, join(work, 'run'), minutes, log);
  if (status !== 'finished') {
    return {
      ok: false,
      ours: { status, note: 'run the same command for the next part' },
      peers: null,
      bound: null,
      ratio: null,
    };
  }
  const short = join(work, 'bf16');
  saveShort(checkpoint, short);
  const ours = { seed, epochs, ...curveOf(dir), ...(await measure(short, heldOut, threads)), ...sizeOf(short) };
  if (install) saveShort(checkpoint, installed);
  const ok = ours.bytes <= mostBytes && ours.bitsPerByte < ours.compressors.gzip;
  return { ok, ours, peers: null, bound: null, ratio: null };
}

/** The rows and the shape with its tokenizer, written once: a run refuses to go on when its data changes. */
function writeInputs(work) {
  const shape = join(work, 'shape');
  const files = { train: join(work, 'train.jsonl'), heldOut: join(work, 'held-out.jsonl') };
  const rows = readBooks();
  if (!existsSync(files.heldOut)) {
    mkdirSync(shape, { recursive: true });
    for (const [name, text] of Object.entries(tokenizerFiles(rows.train))) writeFileSync(join(shape, name), text);
    writeFileSync(join(shape, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    for (const name of ['train', 'heldOut'])
      writeFileSync(files[name], rows[name].map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  return { shape, heldOut: rows.heldOut, files };
}

async function trainPart(recipe, dir, minutes, log) {
  const run = train(recipe, { dir, resume: true });
  const timer = setTimeout(() => run.stop(), minutes * 60_000);
  try {
    for await (const event of run) {
      if (event.type === 'step' && event.step % 50 === 0)
        log(`${event.step}/${event.steps} loss ${event.loss.toFixed(3)} ${Math.round(event.tokensPerSecond)} tok/s`);
      if (event.type === 'evaluate') log(`step ${event.step}: held-out loss ${event.loss.toFixed(4)}`);
    }
    return { ...(await run.result), dir };
  } finally {
    clearTimeout(timer);
  }
}

/** bfloat16 holds what generation needs and halves the file. */
function saveShort(checkpoint, folder) {
  rmSync(folder, { recursive: true, force: true });
  const { model } = loadCausalLm(checkpoint);
  const weights = new Map(
    [...model.namedParameters()].map(([name, weight]) => [name, noGrad(() => weight.toDtype('bfloat16'))]),
  );
  saveModelFolder(folder, checkpoint, weights);
  model[Symbol.dispose]();
}

function curveOf(dir) {
  const { steps, evaluations } = readMetrics(dir);
  const total = (key) => steps.reduce((sum, step) => sum + step[key], 0);
  return {
    steps: steps.length,
    tokens: total('tokens'),
    seconds: Math.round(total('seconds')),
    heldOutLoss: evaluations.map(({ step, loss }) => ({ step, loss })),
  };
}

const openings = [
  'The old man looked at the sea and',
  'When she opened the door, she saw',
  '“I do not know,” said the captain,',
];

async function measure(folder, heldOut, threads) {
  const model = await loadModel(folder, { threads });
  try {
    const scored = await model.rolling(heldOut.map(({ text }) => text));
    const bytes = heldOut.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    const nats = scored.reduce((sum, { logp }) => sum - logp, 0);
    const continued = await model.generate(openings, { maxTokens: 60, temperature: 0.8, seed: 1 });
    return {
      bitsPerByte: nats / bytes / Math.LN2,
      heldOutBytes: bytes,
      compressors: await compressorsOn(heldOut),
      samples: openings.map((opening, i) => ({ opening, text: continued[i].text })),
    };
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

/** Bits per byte of general compressors on the same text: what a model has to beat to have learnt English at all. */
async function compressorsOn(heldOut) {
  const { brotliCompressSync, constants, gzipSync } = await import('node:zlib');
  const text = Buffer.from(heldOut.map((row) => row.text).join('\n\n'));
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };
  return {
    gzip: (gzipSync(text, { level: 9 }).length * 8) / text.length,
    brotli: (brotliCompressSync(text, options).length * 8) / text.length,
  };
}

function sizeOf(folder) {
  const file = join(folder, 'model.safetensors');
  return { bytes: statSync(file).size, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

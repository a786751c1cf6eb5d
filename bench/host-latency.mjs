// Does a server that trains a model stay a server? Steps of about a second run through train() while an HTTP server in the
// same program answers a client in another one, and timers of 500 ms run. Measured three times: without training (the
// bound), with training in its engine process (ours), and, as a contrast, with inProcess: true.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { train } from 'posttrain';

export const description = 'latency of an HTTP server in the program that trains, and lateness of its 500 ms timers';
/** Steps that are measured; the first is a warm-up. */
export const settings = { steps: 12 };

/** As a contrast a few are enough: each blocks the server and all that wait for it. */
const contrastSteps = 3;
const requestEveryMs = 10;
const timerMs = 500;
const timerEveryMs = 50;
/** What a responsive server keeps: the limit for timers, and the same for 99 of 100 answers. */
const limitMs = 50;
const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const client = fileURLToPath(new URL('./programs/steady-requests.mjs', import.meta.url));

export async function run({ settings: { steps }, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-latency-'));
  // A blocked server looks idle to itself: connections must outlast a step.
  const server = createServer({ keepAliveTimeout: 600_000 }, (_, response) => response.end('{"answer":42}'));
  server.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const url = `http://127.0.0.1:${server.address().port}/`;
    const recipe = (count) => ({ ...heavyRecipe(folder), steps: count + 1 });
    log('idle');
    const idle = await observe(url, () => delay(steps * 1000));
    log('training in the engine');
    const ours = await observeTraining(url, train(recipe(steps), { dir: join(folder, 'engine') }));
    log('training in this process');
    const inProcess = await observeTraining(
      url,
      train(recipe(contrastSteps), { dir: join(folder, 'here'), inProcess: true }),
    );
    return {
      ok: ours.timers.maxLateMs <= limitMs && ours.requests.p99Ms <= limitMs && ours.requests.failed === 0,
      ours,
      peers: null,
      bound: idle,
      ratio: round(ours.requests.p99Ms / idle.requests.p99Ms),
      contrast: { inProcess },
      limits: { timerLateMs: limitMs, requestP99Ms: limitMs },
      // Idle threads of libtorch spin by default, in competition with the server.
      ompWaitPolicy: process.env.OMP_WAIT_POLICY ?? 'default',
    };
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** A random Llama of 25 M parameters, one micro-batch of about 1,000 tokens a step: nothing in it gives a thread free. */
function heavyRecipe(folder) {
  const model = join(folder, 'model');
  cpSync(join(golden, 'models', 'tiny-bpe'), model, { recursive: true });
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
  const wide = {
    hidden_size: 512,
    intermediate_size: 1376,
    num_hidden_layers: 8,
    num_attention_heads: 8,
    head_dim: 64,
  };
  writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, ...wide, num_key_value_heads: 8 }));
  rmSync(join(model, 'model.safetensors'));
  return {
    method: 'sft',
    model,
    init: 'random',
    data: { train: join(golden, 'sft', 'rows.jsonl'), packing: true, maxTokens: 256, overlong: 'drop' },
    train: 'all',
    batch: 4,
    microBatch: 4,
    lr: 1e-4,
    precision: 'fp32',
    forgetting: false,
    every: { checkpoint: false },
  };
}

/** Observes from the end of the first step to the end of the last. */
async function observeTraining(url, run) {
  const seconds = [];
  const { promise: warm, resolve: isWarm } = withResolvers();
  const { promise: over, resolve: isOver } = withResolvers();
  const reading = (async () => {
    for await (const event of run) {
      if (event.type !== 'step') continue;
      if (event.step === 1) isWarm();
      else seconds.push(event.seconds);
      if (event.step === event.steps) isOver();
    }
  })();
  const observed = (async () => {
    await warm;
    return observe(url, () => over);
  })();
  await Promise.all([reading, Promise.race([observed, reading])]);
  await run.result;
  return { stepSeconds: { median: round(quantile(seconds, 0.5), 3), steps: seconds.length }, ...(await observed) };
}

/** Latencies of a client in another process, and lateness of timers in this one, while something goes on. */
async function observe(url, whileThis) {
  const requests = fork(client, [url, String(requestEveryMs)], { execArgv: [] });
  const late = [];
  const begin = () => {
    const due = performance.now() + timerMs;
    setTimeout(() => late.push(performance.now() - due), timerMs);
  };
  const beginning = setInterval(begin, timerEveryMs);
  try {
    await whileThis();
  } finally {
    clearInterval(beginning);
  }
  requests.send('enough');
  const [[{ latencies, failed }]] = await Promise.all([once(requests, 'message'), delay(timerMs)]);
  return {
    requests: {
      count: latencies.length,
      failed,
      p50Ms: round(quantile(latencies, 0.5)),
      p99Ms: round(quantile(latencies, 0.99)),
      maxMs: round(Math.max(...latencies)),
    },
    timers: { count: late.length, p50LateMs: round(quantile(late, 0.5)), maxLateMs: round(Math.max(...late)) },
  };
}

/** The smallest value that at least this share of the values do not exceed. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

function withResolvers() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

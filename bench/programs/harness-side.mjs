// Our side of bench/harness.mjs: evaluates a workload for each line on stdin, as `posttrain eval` does.
//   harness-side.mjs MODEL PATHS WORK-FOLDER WORKLOAD,…     PATHS is JSON: paths by the names of the data
// The first line on stdout is { loadSeconds, torch, work, flops }; then a line for each line on stdin:
//   { workload }     → { seconds, logp }      all documents asked anew; logp is the sum of what was asked
//   { rates: true }  → { rates }              FLOP/s of the matrix products by name, over the model's own shapes
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadModel } from 'posttrain';
import { Tokenizer } from 'posttrain/data';
import { builtInTasks, DataSource, dataName, defineTask, folderModel, runEvaluation } from 'posttrain/evaluate';
import { build, noGrad, onednnLinear, randn, scope, setThreads } from 'posttrain/tensor';
import { pairTokens, prefixToken, rollingWindows } from '../../packages/posttrain/dist/models/text-likelihood.js';
import { tokenTree } from '../../packages/posttrain/dist/models/token-tree.js';

const [folder, paths, scratch, wanted] = process.argv.slice(2);
const data = JSON.parse(paths);
const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
/** Rows of the matrix products whose rate is measured: what goes through the model together, and what of it through the head. */
const [bodyRows, headRows] = [1024, 64];

/** lm-evaluation-harness's lambada_standard. */
const lastWord = defineTask({
  name: 'last_word',
  version: 1,
  axis: 'domain',
  about: 'The last word of a passage.',
  split: 'all rows of the given file',
  data: 'passages',
  docs: (source) => source.rows(),
  request: ({ text }) => {
    const words = text.split(' ');
    return { kind: 'loglikelihood', context: words.slice(0, -1).join(' '), continuations: [` ${words.at(-1)}`] };
  },
  metrics: {
    acc: { kind: 'mean', about: 'the word is the first choice', higherIsBetter: true, unit: 'share', chance: 0 },
  },
  score: (_doc, { choices: [word] }) => ({ values: { acc: Number(word.greedy) } }),
});
const builtIn = (name) => builtInTasks.find((task) => task.name === name);
const tasks = {
  documents: builtIn('bits_per_byte'),
  continuations: lastWord,
  questions: builtIn('bbq'),
  choices: builtIn('truthfulqa/mc1'),
  letters: builtIn('mmlu'),
};

async function evaluate(model, task) {
  const cacheDir = mkdtempSync(join(scratch, 'cache-'));
  try {
    const begun = performance.now();
    const { runs } = await runEvaluation({ models: [model], tasks: [task], data, cacheDir, draws: 10 });
    const seconds = (performance.now() - begun) / 1000;
    const results = runs[0].items.flatMap(({ response }) =>
      response.kind === 'rolling' ? [response] : response.choices,
    );
    return { seconds, logp: results.reduce((sum, { logp }) => sum + logp, 0) };
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

/** Tokens that a workload cannot do without, positions whose next token is asked, and tokens when nothing is shared. */
async function workOf(task, tokenizer, longest) {
  const requests = (await task.docs(new DataSource(data[dataName(task)]))).map((doc) => task.request(doc));
  const prefix = prefixToken(tokenizer);
  const queries =
    requests[0].kind === 'rolling'
      ? (await tokenizer.encodeFramed(requests.map(({ text }) => text))).flatMap((tokens) =>
          rollingWindows([...tokens], prefix, longest).map(({ context, continuations: [continuation] }) => ({
            context,
            continuation,
          })),
        )
      : (await pairTokens(tokenizer, requests, longest)).flat();
  const run = queries.map(({ context, continuation }) => [...context, ...continuation.slice(0, -1)]);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const asked = new Set(
    queries.flatMap(({ context, continuation }, i) =>
      continuation.map((_, t) => run[i].slice(0, context.length + t).join(' ')),
    ),
  );
  return {
    documents: requests.length,
    continuations: queries.length,
    tokens: sum(tokenTree(run).runs.map(({ length }) => length)),
    positions: asked.size,
    tokensUnshared: sum(run.map(({ length }) => length)),
  };
}

/** [inputs, outputs] of the matrices of a block, and of the head. */
function shapes() {
  const { hidden_size: d, intermediate_size: f, num_hidden_layers: layers, num_attention_heads: heads } = config;
  const width = config.head_dim ?? d / heads;
  const [q, kv] = [heads * width, (config.num_key_value_heads ?? heads) * width];
  const body = [
    [d, q],
    [d, kv],
    [d, kv],
    [q, d],
    [d, f],
    [d, f],
    [f, d],
  ];
  return { body, layers, head: [d, config.vocab_size] };
}

const flopsOf = ([inputs, outputs]) => 2 * inputs * outputs;
const sumOf = (shapes, of) => shapes.reduce((sum, shape) => sum + of(shape), 0);

function flopsOfToken() {
  const { body, layers, head } = shapes();
  return { body: layers * sumOf(body, flopsOf), head: flopsOf(head) };
}

function rates() {
  const { body, head } = shapes();
  return {
    body: (bodyRows * sumOf(body, flopsOf)) / sumOf(body, (shape) => fastest(shape, bodyRows)),
    head: (headRows * flopsOf(head)) / fastest(head, headRows),
  };
}

/** Seconds of the faster of libtorch's two products. */
function fastest([inputs, outputs], rows) {
  return scope(() =>
    noGrad(() => {
      const [x, weight] = [randn([rows, inputs]), randn([outputs, inputs])];
      const ways = [() => x.linear(weight), ...(onednnLinear() ? [() => onednnLinear()(x, weight)] : [])];
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 4; round++)
        for (const way of ways) {
          const begun = performance.now();
          scope(() => void way());
          best = Math.min(best, performance.now() - begun);
        }
      return best / 1000;
    }),
  );
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const begun = performance.now();
const loaded = await loadModel(folder, { precision: 'fp32', threads: 1 });
const model = await folderModel(loaded, { id: 'bench', precision: 'fp32', engine: 'bench' });
const loadSeconds = (performance.now() - begun) / 1000;
setThreads(1);
const tokenizer = await Tokenizer.load(folder);
const work = {};
for (const name of wanted.split(',')) work[name] = await workOf(tasks[name], tokenizer, loaded.contextLength);
say({ loadSeconds, torch: build().torch, work, flops: flopsOfToken() });
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  say(asked.rates ? { rates: rates() } : await evaluate(model, tasks[asked.workload]));
}
await loaded[Symbol.asyncDispose]();

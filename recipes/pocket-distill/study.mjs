// The tuned pocket model as teacher of a model a quarter of its size, and that model's twin without a teacher, five seeds. README.md says what is asked.
//   npm run -s study -- pocket-distill --json
// Runs and answers stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEngine } from 'posttrain';
import { pocket } from 'posttrain/data';
import { defineTask } from 'posttrain/evaluate';
import { defineStudy, runStudy } from 'posttrain/study';
import { isKept } from '../kept.mjs';
import { trainStage, writeInitialModel } from '../pocket-curriculum.mjs';
import { jsonLines, tunedPocket } from '../pocket-start.mjs';

export const description =
  'a quarter of the tuned pocket model learns from it, beside its twin that learns from the rows alone';
/** `steps` of either arm; `items` of each task, 0 for all; `startSteps` of the teacher, 0 for the recipe's; `pretraining`: the share of the base's curriculum that the student has. */
export const settings = { steps: 1000, seeds: 5, items: 0, startSteps: 0, pretraining: 1, threads: 1 };

/** 224,320 parameters; the teacher has 913,792. */
const shape = {
  hidden_size: 64,
  intermediate_size: 208,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 2,
};

/** Settled before any run: what should change, by how much nothing else may. */
const margin = 0.05;
const claims = ['pocket/intent.in_scope_accuracy'];
const guarded = [
  'pocket/intent.out_of_scope_recall',
  'pocket/grounded.correct',
  'pocket/closed.correct',
  'pocket/abstention.abstention_recall',
];
const tasks = ['intent', 'grounded', 'closed', 'abstention'];
const batch = 16;

/** What chooses the learning rate of both arms: development questions whose greedy answer is right. */
const asked = ['closed', 'grounded', 'unanswerable', 'double', 'intent', 'constraints'];
const right = defineTask({
  name: 'right',
  version: 1,
  axis: 'factuality',
  about: 'Development questions whose greedy answer is right, word for word.',
  split: `60 development items of ${asked.join(', ')}`,
  testSplit: false,
  data: null,
  docs: () =>
    asked.flatMap((task) => pocket.testItems(task, 'dev', { limit: 60 }).map((item) => ({ ...item, stratum: task }))),
  request: ({ messages }) => ({ kind: 'generate', prompt: [messages[0]], maxTokens: 20 }),
  metrics: {
    correct: { kind: 'mean', about: 'right answers', higherIsBetter: true, unit: 'share', chance: 0 },
  },
  score: ({ messages }, { text }) => {
    const correct = text.trim() === messages[1].content;
    return {
      values: { correct: Number(correct) },
      outcome: correct ? 'correct' : 'incorrect',
      target: messages[1].content,
      prediction: text,
    };
  },
  stratum: ({ stratum }) => stratum,
});

export async function run({ settings: given, log }) {
  const { steps, seeds, items, startSteps, pretraining, threads } = given;
  const work = join(tmpdir(), `posttrain-pocket-distill-${startSteps}-${pretraining}`);
  await ensureEngine();
  const teacher = await tunedPocket(work, { steps: startSteps, threads }, log);
  const model = await youngStudent(join(work, 'student'), { pretraining, threads }, log);
  const file = join(work, `rows-${steps}.jsonl`);
  // Other rows than the teacher's.
  if (!existsSync(file)) writeFileSync(file, jsonLines(pocket.sftRows(batch * steps, 1)));
  const shared = {
    model,
    data: { train: file },
    batch,
    steps,
    lr: [2e-3, 4e-3, 8e-3, 1.6e-2],
    schedule: { kind: 'linear', warmup: 0.03, hold: 0.3 },
    optimizer: { kind: 'muon', momentum: 0.95, betas: [0.9, 0.98] },
    forgetting: false,
    every: { checkpoint: false },
    threads,
  };
  const study = defineStudy({
    name: 'pocket-distill',
    arms: {
      twin: { method: 'sft', ...shared },
      distill: { method: 'distill', ...shared, distill: { teacher, loss: 'forward-kl' } },
      teacher: { model: teacher },
    },
    seeds: [1, 2, 3, 4, 5].slice(0, seeds),
    baseline: 'twin',
    choose: { tasks: ['right'], metric: 'right.correct' },
    evaluate: {
      tasks: tasks.map((name) => `pocket/${name}`),
      limit: items === 0 ? undefined : items,
      margins: Object.fromEntries([...claims, ...guarded].map((name) => [name, margin])),
    },
  });
  const going = runStudy(study, { dir: join(work, `study-${steps}-${seeds}-${items}`), threads, tasks: [right] });
  for await (const event of going) if (event.type === 'run') log(`${event.run.id} ${event.status}`);
  const result = await going.result;
  const rows = result.rows.filter(({ arm }) => arm === 'distill');
  const of = (name) => rows.find((row) => `${row.task}.${row.metric}` === name);
  const checks = Object.fromEntries([
    ...claims.map((name) => [`${name} improved`, of(name)?.verdict === 'improved']),
    ...guarded.map((name) => [`${name} no worse than ${margin}`, isKept(of(name), margin)]),
    ['it is a claim about methods', result.claim.isClaim],
  ]);
  return {
    ok: Object.values(checks).every(Boolean),
    ours: { checks, claim: result.claim, arms: result.arms, rows, figures: result.figures },
    peers: null,
    bound: null,
    ratio: null,
  };
}

/** The student of both arms: it can read, and has never been asked anything. */
async function youngStudent(work, { pretraining, threads }, log) {
  mkdirSync(work, { recursive: true });
  let folder = join(work, 'init');
  if (!existsSync(join(folder, 'model.safetensors'))) writeInitialModel(folder, 0, shape);
  for (const stage of pocket.baseCurriculum) {
    const shorter = { ...stage, steps: Math.max(1, Math.round(stage.steps * pretraining)) };
    folder = (await trainStage(shorter, folder, { work, seed: 0, threads }, log)).checkpoint;
  }
  return folder;
}

// Does lm-evaluation-harness find the same likelihoods and scores on the same files? README.md says what is done.
//   POSTTRAIN_PEERS=… npm run -s study -- lm-eval --json
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadModel } from 'posttrain';
import { builtInTasks, DataSource, dataName, folderModel, runEvaluation } from 'posttrain/evaluate';
import { compareFigures, compareTask, perToken, scoreDifferences } from './compare.mjs';
import { cutData } from './data.mjs';

export const description = 'lm-evaluation-harness on the same files: the same likelihoods and scores?';
export const settings = { limit: 24, room: 32 };

const root = fileURLToPath(new URL('../../', import.meta.url));
const shared = process.env.POSTTRAIN_SHARED ?? join(root, '../shared');
const models = {
  'babyllama-361': join(root, 'golden/models/babyllama-361'),
  pocket: join(root, 'packages/posttrain/assets/pocket/base'),
  'tiny-bpe': join(root, 'golden/models/tiny-bpe'),
};
const names = [
  ...[
    'gsm8k',
    'mmlu',
    'truthfulqa/mc1',
    'truthfulqa/mc2',
    'ifeval',
    'bbq',
    'crows_pairs',
    'pubmedqa',
    'commonsense_qa',
  ],
  ...['legalbench/abercrombie', 'legalbench/proa', 'bits_per_byte'],
];
const written = ['gsm8k', 'ifeval', 'legalbench/abercrombie', 'legalbench/proa'];

export async function run({ settings: { limit, room }, peers, log }) {
  if (!existsSync(join(shared, 'data'))) throw new Error(`${shared} has no data; POSTTRAIN_SHARED names the folder.`);
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-lm-eval-'));
  try {
    const data = cutData(join(shared, 'data'), join(folder, 'data'), limit);
    const tasks = names.map((name) =>
      short(
        builtInTasks.find((task) => task.name === name),
        room,
      ),
    );
    const compared = [];
    let versions = {};
    for (const [model, path] of Object.entries(models)) {
      log(`${model}: ours`);
      const ours = await readHere(model, path, tasks, data, folder);
      if (!peers) continue;
      log(`${model}: lm-eval`);
      const theirs = await readThere(peers, folder, [path], room);
      versions = {
        lmEval: theirs.madeWith['lm-eval'],
        transformers: theirs.madeWith.transformers,
        peerTorch: theirs.madeWith.torch,
      };
      for (const name of names) {
        const result = compareTask(name, ours[name], theirs.tasks[name]);
        const figures = result.leftOut.length > 0 ? [] : compareFigures(name, ours[name], theirs.figures[name]);
        compared.push({ model, ...result, problems: [...result.problems, ...figures] });
      }
    }
    const canned = peers ? await compareCanned(peers, folder, tasks, data, room) : null;
    const problems = [...compared, ...(canned ?? [])].filter((row) => row.problems.length > 0);
    for (const row of problems)
      log(`${row.model ?? 'given answers'} ${row.task}: ${row.problems.slice(0, 3).join('; ')}`);
    return {
      ok: problems.length === 0,
      ours: null,
      peers: peers ? compared : null,
      canned,
      bound: { perToken },
      ratio: null,
      versions,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The task as lm-eval is told to run it here: answers as short as a small context allows, and no shots before them. */
function short(task, room) {
  if (!written.includes(task.name)) return task;
  return {
    ...task,
    docs: async (source) => (await task.docs(source)).map((doc) => withoutShots(task.name, doc)),
    request: (doc) => ({ ...task.request(doc), maxTokens: room }),
  };
}

function withoutShots(name, doc) {
  if (name === 'gsm8k') return { ...doc, shots: '' };
  if (!name.startsWith('legalbench/')) return doc;
  // The description ends at the first empty line; the shots come after it.
  return { ...doc, prompt: doc.prompt.slice(0, doc.prompt.indexOf('\n\n') + 2) };
}

async function readHere(id, path, tasks, data, folder) {
  const loaded = await loadModel(path, { precision: 'fp32', threads: 1 });
  try {
    const model = await folderModel(loaded, { id, precision: 'fp32', engine: 'study' });
    const { runs } = await runEvaluation({ models: [model], tasks, data, cacheDir: join(folder, 'cache'), draws: 10 });
    return Object.fromEntries(runs.map(({ planned, items }) => [planned.task.name, items]));
  } finally {
    await loaded[Symbol.asyncDispose]();
  }
}

async function readThere(python, folder, [model], room, extra = []) {
  const out = join(folder, 'theirs.json');
  const script = join(root, 'golden/scripts/lm_eval_tasks.py');
  const args = [script, model, join(folder, 'data'), out, '--answer-room', String(room), ...extra];
  await promisify(execFile)(python, args, { maxBuffer: 1 << 28 });
  return JSON.parse(readFileSync(out, 'utf8'));
}

/** Answers that a good model, a verbose one and a silent one would give, scored by both: small models are never right. */
async function compareCanned(python, folder, tasks, data, room) {
  const own = tasks.filter(({ name }) => written.includes(name));
  const docs = {};
  const answers = {};
  for (const task of own) {
    docs[task.name] = await task.docs(new DataSource(data[dataName(task)]));
    answers[task.name] = docs[task.name].map((doc) => triesAt(task.name, doc));
  }
  const file = join(folder, 'answers.json');
  writeFileSync(file, JSON.stringify(answers));
  const { tasks: theirs } = await readThere(python, folder, ['none'], room, [
    '--tasks',
    written.join(),
    '--answers',
    file,
  ]);
  const rows = [];
  for (const task of own) {
    const problems = [];
    let [scored, right] = [0, 0];
    for (const [i, doc] of docs[task.name].entries()) {
      for (const [t, text] of answers[task.name][i].entries()) {
        const response = { kind: 'generate', text, answers: [{ text, tokens: [], finish: 'stop', cut: 0 }] };
        const { values } = await task.score(doc, response, {
          signal: new AbortController().signal,
          judge: null,
          seed: 0,
        });
        const wrong = scoreDifferences(task.name, values, theirs[task.name][i].scores[t]);
        problems.push(...wrong.map((what) => `item ${i}, answer ${t}: ${what}`));
        scored++;
        right += Number(Object.values(values).some((value) => value === 1));
      }
    }
    rows.push({ task: task.name, scored, right, problems });
  }
  return rows;
}

function triesAt(name, doc) {
  if (name === 'ifeval') {
    const lists = '* one\n* two\n* three\n\n<<A Title>>\n\nP.S. That is *all*. [name] [place]';
    return [
      '',
      'Yes.',
      lists,
      `${doc.prompt}\n\n${lists}`,
      `"${'word and more '.repeat(120).trim()}"`,
      '{"answer": "my answer is maybe"}',
    ];
  }
  if (name === 'gsm8k') {
    const number = doc.answer.split('#### ')[1];
    return ['', doc.answer, `It is $${number}.`, `It is ${number}.0, not 7 #### -1,000.`, `#### ${number} or 3`];
  }
  return ['', ` ${doc.label}`, `${doc.label.toUpperCase()}.`, `The answer is ${doc.label}`, `"${doc.label}"  `];
}

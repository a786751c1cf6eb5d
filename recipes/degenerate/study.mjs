// Can a model without skill look good on a scorecard? README.md says what is done.
//   npm run -s study -- degenerate --json
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInTasks, DataSource, dataName } from 'posttrain/evaluate';
import { playPolicies } from '../../packages/posttrain/dist/testing/degenerate/play.js';

export const description = 'Models without skill on every task: what they win, and which row beside it shows them';
/** Documents of each task, and resamples of the bootstrap. */
export const settings = { limit: 200, draws: 1000 };

const root = fileURLToPath(new URL('../../', import.meta.url));
const shared = join(process.env.POSTTRAIN_SHARED ?? join(root, '../shared'), 'data');
const files = {
  ifeval: 'ifeval/ifeval.jsonl',
  clinc150: 'clinc150',
  clapnq: 'clapnq',
  xquad: 'xquad/xquad_en.jsonl',
  gsm8k: 'gsm8k/train.jsonl',
  mmlu: 'mmlu',
  truthfulqa: 'truthfulqa/truthfulqa.jsonl',
  commonsense_qa: 'boolq_subset/commonsense_qa.jsonl',
  xstest: 'xstest/xstest_prompts.jsonl',
  bbq: 'bbq',
  crows_pairs: 'crows_pairs/crows_pairs.jsonl',
  pubmedqa: 'pubmedqa/pqal_train500.jsonl',
  legalbench: 'legalbench',
  legalbench_cuad: 'legalbench_cuad/clauses.jsonl',
  text: 'tinyshakespeare/input.txt',
  domain_text: 'uscode/sections.jsonl',
};

export async function run({ settings: { limit, draws }, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-degenerate-'));
  try {
    const { data, missing } = await dataHere(folder);
    const tasks = builtInTasks.filter((task) => isAsked(task) && (task.data === null || dataName(task) in data));
    const played = await playPolicies(tasks, { data, cacheDir: join(folder, 'cache'), limit, draws }, log);
    const degenerate = played.filter(({ policy }) => policy !== 'oracle');
    const hidden = degenerate.flatMap(({ policy, wins }) =>
      wins.filter(({ shownBy }) => shownBy === null).map(({ task, metric }) => `${policy}: ${task} ${metric}`),
    );
    for (const one of hidden) log(`no row beside it shows the fault: ${one}`);
    return {
      ok: hidden.length === 0 && missing.length === 0,
      ours: {
        tasks: tasks.map(({ name }) => name),
        missing,
        hidden,
        policies: played.map(summary),
      },
      peers: null,
      bound: null,
      ratio: null,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const round = (value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value);

/** What the record keeps of a policy; the oracle wins everything, so its wins are not listed. */
function summary({ policy, about, tasks, invalid, wins, byAxis }) {
  const listed = policy === 'oracle' ? [] : wins;
  const rounded = listed.map(({ value, reference, shownBy, ...win }) => ({
    ...win,
    value: round(value),
    reference: round(reference),
    shownBy: shownBy && { ...shownBy, before: round(shownBy.before), after: round(shownBy.after) },
  }));
  return { policy, about, tasks: tasks.length, invalid, byAxis, wins: rounded };
}

/** Chats, samples and held-out wordings ask the same of a model that knows no words. The test split is not read. */
function isAsked({ name, testSplit }) {
  return !testSplit && !/\/chat$|\/sampled\/|\/held-out\/|^pocket\//.test(name);
}

async function dataHere(folder) {
  const there = Object.entries(files).filter(([, path]) => existsSync(join(shared, path)));
  const data = Object.fromEntries(there.map(([name, path]) => [name, join(shared, path)]));
  const missing = Object.keys(files).filter((name) => !(name in data));
  if ('xquad' in data) data.qa = await questions(data.xquad, join(folder, 'questions.jsonl'));
  return { data, missing };
}

/** XQuAD as a file of one's own; one row in four has lost the source that answers. */
async function questions(path, file) {
  const docs = await builtInTasks.find(({ name }) => name === 'xquad').docs(new DataSource(path));
  const rows = docs.map(({ question, answers, sources, own, title }, i) => {
    if (i % 4 === 3)
      return { question, unanswerable: true, sources: sources.filter((_, k) => k !== own - 1), cluster: title };
    return { question, answers, sources, cites: [own], cluster: title };
  });
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

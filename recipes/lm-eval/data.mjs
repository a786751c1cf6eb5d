// A small part of each task's data, written where both programs read it.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Subjects of MMLU that are asked. */
const subjects = ['anatomy', 'high_school_us_history', 'world_religions'];
/** Verifiers for which lm-eval needs resources that it downloads. */
const needDownloads = [
  'length_constraints:number_sentences',
  'change_case:capital_word_frequency',
  'language:response_language',
  'change_case:english_capital',
  'change_case:english_lowercase',
];

/** In characters: so many fit the smallest context together with an answer, even where each character is a token. */
const shortPrompt = 200;

const lines = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
/** `count` of them, evenly spaced, each a place further into its part: rows of some files come in fours. */
function spaced(rows, count) {
  const step = rows.length / count;
  if (step <= 1) return rows;
  return Array.from({ length: count }, (_, i) => rows[Math.floor(i * step) + (i % Math.min(4, Math.floor(step)))]);
}

function write(file, rows) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${rows.join('\n')}\n`);
}

/** @returns {Record<string, string>} paths by the names that tasks give their data */
export function cutData(shared, folder, limit) {
  const cut = (source, target, count = limit, keep = () => true) => {
    write(join(folder, target), spaced(lines(join(shared, source)).filter(keep), count));
    return join(folder, target);
  };
  for (const name of subjects) {
    cpSync(join(shared, `mmlu/dev/${name}_dev.csv`), join(folder, `mmlu/dev/${name}_dev.csv`));
    // A row may hold line ends in quotes: the first ones are taken whole.
    write(
      join(folder, `mmlu/val/${name}_val.csv`),
      csvRows(join(shared, `mmlu/val/${name}_val.csv`)).slice(0, Math.ceil(limit / 3)),
    );
  }
  for (const name of readdirSync(join(shared, 'bbq')).filter((file) => file.endsWith('.jsonl')))
    cut(`bbq/${name}`, `bbq/${name}`, Math.ceil(limit / 3));
  for (const name of ['abercrombie', 'proa']) {
    cpSync(join(shared, `legalbench/${name}/train.tsv`), join(folder, `legalbench/${name}/train.tsv`));
    const [head, ...rows] = lines(join(shared, `legalbench/${name}/test.tsv`));
    write(join(folder, `legalbench/${name}/test.tsv`), [head, ...spaced(rows, limit)]);
  }
  const verifiable = (line) => {
    const { prompt, instruction_id_list: ids } = JSON.parse(line);
    return prompt.length <= shortPrompt && !ids.some((id) => needDownloads.includes(id));
  };
  const shortQuestion = (line) => JSON.parse(line).question.length <= shortPrompt - 'Question: \nAnswer:'.length;
  return {
    mmlu: join(folder, 'mmlu'),
    bbq: join(folder, 'bbq'),
    legalbench: join(folder, 'legalbench'),
    gsm8k: cut('gsm8k/train.jsonl', 'gsm8k.jsonl', limit + 5, shortQuestion),
    truthfulqa: cut('truthfulqa/truthfulqa.jsonl', 'truthfulqa.jsonl'),
    ifeval: cut('ifeval/ifeval.jsonl', 'ifeval.jsonl', limit, verifiable),
    crows_pairs: cut('crows_pairs/crows_pairs.jsonl', 'crows_pairs.jsonl'),
    pubmedqa: cut('pubmedqa/pqal_train500.jsonl', 'pubmedqa.jsonl'),
    commonsense_qa: cut('boolq_subset/commonsense_qa.jsonl', 'commonsense_qa.jsonl'),
    text: cut('llama_factory_demo/c4_demo.jsonl', 'text.jsonl'),
  };
}

function csvRows(file) {
  const rows = [];
  let open = '';
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    open += open === '' ? line : `\n${line}`;
    if ((open.match(/"/g) ?? []).length % 2 === 1) continue;
    rows.push(open);
    open = '';
  }
  return rows;
}

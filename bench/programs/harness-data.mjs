// The models and the rows of bench/harness.mjs, written where both programs read them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCausalLm, saveModelFolder } from 'posttrain/models';
import { cutData } from '../../recipes/lm-eval/data.mjs';

const lines = (file) => readFileSync(file, 'utf8').trimEnd().split('\n');

/** A Llama of SmolLM2-135M's shape, with its tokenizer and random weights: speed does not ask what it says. */
export function randomModel(shared, folder) {
  const shape = join(shared, 'tokenizers/smollm2-135m');
  const { model } = loadCausalLm(shape, { init: 'random', seed: 0 });
  try {
    saveModelFolder(folder, shape, new Map(model.namedParameters()));
  } finally {
    model[Symbol.dispose]();
  }
  return folder;
}

/** A model folder without what only our tests read. */
export function plainModel(source, folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(source))
    if (/^(model\.safetensors|.*config\.json|tokenizer\.json)$/.test(name))
      copyFileSync(join(source, name), join(folder, name));
  return folder;
}

/**
 * About `limit` rows of each workload, evenly spaced where there are more, and four times as many passages.
 * @param longest of a passage or a question, in characters
 * @returns {Record<string, string>} paths by the names that tasks give their data
 */
export function harnessData(shared, folder, limit, longest) {
  const paths = cutData(shared, folder, limit);
  const passages = lines(join(shared, 'llama_factory_demo/c4_demo.jsonl'))
    .map((line) => JSON.parse(line).text.replace(/\s+/g, ' '))
    .filter((text) => text.length > longest)
    .slice(-4 * limit)
    .map((text) => ({ text: text.slice(0, text.lastIndexOf(' ', longest)) }));
  writeFileSync(join(folder, 'passages.jsonl'), passages.map((row) => JSON.stringify(row)).join('\n'));
  for (const name of readdirSync(join(folder, 'bbq'))) {
    const short = (line) => {
      const { context, question } = JSON.parse(line);
      return context.length + question.length <= longest;
    };
    const rows = lines(join(shared, 'bbq', name)).filter(short);
    const count = Math.ceil(limit / 3);
    const step = Math.max(1, Math.floor(rows.length / count));
    writeFileSync(
      join(folder, 'bbq', name),
      `${rows
        .filter((_, i) => i % step === 0)
        .slice(0, count)
        .join('\n')}\n`,
    );
  }
  return { ...paths, passages: join(folder, 'passages.jsonl') };
}

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DataSource } from '../data-source.ts';
import { builtInTasks } from './index.ts';

/** The tasks on the files they are made for: every row becomes a document, and a request can be made of it. */

const shared = fileURLToPath(new URL('../../../../../../shared/data/', import.meta.url));

/** Documents by task: the files' rows, less what `split` says is left out. */
const documents: readonly (readonly [task: string, path: string, count: number])[] = [
  ['ifeval', 'ifeval/ifeval.jsonl', 333],
  ['clinc150', 'clinc150', 3000 + 100],
  ['clapnq', 'clapnq', 194 + 204],
  ['xquad', 'xquad/xquad_en.jsonl', 842],
  ['gsm8k', 'gsm8k/train.jsonl', 7473 - 5],
  ['mmlu', 'mmlu', 1542],
  ['truthfulqa/mc1', 'truthfulqa/truthfulqa.jsonl', 454],
  ['truthfulqa/mc2', 'truthfulqa/truthfulqa.jsonl', 454],
  ['commonsense_qa', 'boolq_subset/commonsense_qa.jsonl', 1221],
  ['xstest', 'xstest/xstest_prompts.jsonl', 275],
  ['bbq', 'bbq', 3680 + 1556 + 1200],
  ['crows_pairs', 'crows_pairs/crows_pairs.jsonl', 898],
  ['pubmedqa', 'pubmedqa/pqal_train500.jsonl', 500],
  ['legalbench/abercrombie', 'legalbench', 95],
  ['legalbench/first_amendment', 'legalbench', 8],
  ['legalbench/hearsay', 'legalbench', 95],
  ['legalbench/overruling', 'legalbench', 2394],
  ['legalbench/proa', 'legalbench', 95],
  ['legalbench/unfair_tos', 'legalbench', 3841],
  ['legalbench_cuad', 'legalbench_cuad/clauses.jsonl', 9248],
  ['bits_per_byte/domain', 'uscode/sections.jsonl', 7362],
  ['bits_per_byte', 'tinyshakespeare/input.txt', 265],
];

for (const [name, path, count] of documents) {
  const skip = existsSync(join(shared, path)) ? false : `shared/data/${path} is not here`;
  test(`${name}: ${count} documents`, { skip }, async () => {
    const task = builtInTasks.find((one) => one.name === name)!;
    const docs = await task.docs(new DataSource(join(shared, path)));
    assert.equal(docs.length, count);
    for (const doc of docs) {
      const request = task.request(doc);
      if (request.kind === 'loglikelihood') assert.ok(request.continuations.every((text) => text.trim() !== ''));
    }
    for (const [metric, { chance, majority }] of Object.entries(task.metrics)) {
      for (const baseline of [chance, majority]) {
        const value = typeof baseline === 'function' ? baseline(docs) : (baseline ?? null);
        assert.ok(value === null || (Number.isFinite(value) && value >= 0), `${metric}: ${value}`);
      }
    }
  });
}

test('every built-in task that reads a file is tried on it, or is a form of one that is', () => {
  // Questions of one's own have no published file.
  const tried = [...documents.map(([name]) => name), 'qa', 'grounded_qa'];
  for (const { name } of builtInTasks.filter(({ data }) => data !== null))
    assert.ok(tried.includes(name.replace(/\/(chat|mutual_info)$/, '')), name);
});

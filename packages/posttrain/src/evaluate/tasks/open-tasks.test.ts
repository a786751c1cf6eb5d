import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Task } from '../task.ts';
import { asChat } from './as-chat.ts';
import { gsm8k } from './gsm8k.ts';
import { ifeval } from './ifeval.ts';
import { legalbench } from './legalbench.ts';
import { docsOf, runSample } from './sample-run.test.support.ts';

/** Tasks whose answer is written freely. */

const sum = (n: number) => ({ question: `What is ${n} + 1?`, answer: `Add one.\n#### ${n + 1}` });
const sums = { 'sums.jsonl': [1, 2, 3, 4, 5, 1000, 7, 8, 9].map(sum) };

test('gsm8k: the first five rows stand before the others', async (t) => {
  const docs = await docsOf(t, gsm8k, sums);
  assert.equal(docs.length, 4);
  const shot = (n: number) => `Question: What is ${n} + 1?\nAnswer: Add one.\n#### ${n + 1}\n\n`;
  assert.deepEqual(gsm8k.request(docs[0]), {
    kind: 'generate',
    prompt: `${[1, 2, 3, 4, 5].map(shot).join('')}Question: What is 1000 + 1?\nAnswer:`,
    maxTokens: 256,
    stop: ['Question:', '</s>', '<|im_end|>'],
  });
});

test('gsm8k: right, right without the mark, wrong, without a number', async (t) => {
  const answer = (prompt: unknown) => {
    const asked = /(\d+) \+ 1\?\nAnswer:$/.exec(String(prompt))![1];
    return { '1000': 'So. #### $1,001.', '7': 'It is 8.', '8': '9 #### 10', '9': 'Ten.' }[asked!]!;
  };
  const { figures, items } = await runSample(t, gsm8k, sums, { answer });
  assert.deepEqual(figures, { exact_match_flexible: 0.5, exact_match_strict: 0 });
  assert.deepEqual(
    items.map(({ outcome, target, prediction }) => [outcome, target, prediction]),
    [
      ['correct', '1001', '1001'],
      ['correct', '8', '8'],
      ['incorrect', '9', '10'],
      ['unparseable', '10', null],
    ],
  );
  const marked = await runSample(t, gsm8k, sums, { answer: () => 'So #### 1,001' });
  assert.deepEqual(marked.figures, { exact_match_flexible: 0.25, exact_match_strict: 0.25 });
  await assert.rejects(
    docsOf(t, gsm8k, { 'x.jsonl': [{ question: 'q', answer: '42' }] }),
    /row 1 of .*: the answer "42" has no number after "#### "/,
  );
});

const instructions = {
  'rows.jsonl': [
    {
      prompt: 'Write. No commas. Five words at least.',
      instruction_id_list: ['punctuation:no_comma', 'length_constraints:number_words'],
      kwargs: [{}, { relation: 'at least', num_words: 5 }],
    },
    { prompt: 'In French.', instruction_id_list: ['language:response_language'], kwargs: [{ language: 'fr' }] },
  ],
};

test('ifeval: the prompt alone; prompts and instructions, strict and loose', async (t) => {
  const docs = await docsOf(t, ifeval, instructions);
  assert.deepEqual(ifeval.request(docs[0]), {
    kind: 'generate',
    prompt: 'Write. No commas. Five words at least.',
    maxTokens: 1280,
  });
  // The comma stands in the first line, without which the rest passes. No tool tells French, so that row is open.
  const answer = () => 'Sure, here:\nolo lives in tarn today\nHope this helps!';
  const { figures, items, result } = await runSample(t, ifeval, instructions, { answer });
  assert.deepEqual(figures, { prompt_strict: 0, prompt_loose: 1, instruction_strict: 0.5, instruction_loose: 1 });
  assert.equal(result.metrics[0]!.missing, 1);
  assert.deepEqual(
    items.map(({ outcome, why }) => [outcome, why]),
    [
      ['incorrect', 'broken: punctuation:no_comma'],
      [null, null],
    ],
  );
  const silent = await runSample(t, ifeval, instructions, {});
  assert.equal(silent.figures['prompt_strict'], 0);
  assert.equal(silent.items[0]!.outcome, 'unparseable');
});

test('ifeval: instructions are checked before a model is asked', async (t) => {
  const rows = [{ prompt: 'p', instruction_id_list: ['punctuation:no_coma'], kwargs: [{}] }];
  await assert.rejects(
    docsOf(t, ifeval, { 'r.jsonl': rows }),
    /row 1 of .*: no IFEval instruction is called "punctuation:no_coma"/,
  );
  await assert.rejects(
    docsOf(t, ifeval, { 'r.jsonl': [{ ...rows[0]!, kwargs: 'none' }] }),
    /"kwargs" is no list of objects/,
  );
});

test('a task as a chat asks the same in one user turn, under a name of its own', async (t) => {
  const chat = asChat(ifeval);
  assert.equal(chat.name, 'ifeval/chat');
  const docs = await docsOf(t, chat, instructions);
  assert.deepEqual(chat.request(docs[1]), {
    kind: 'generate',
    prompt: [{ role: 'user', content: 'In French.' }],
    maxTokens: 1280,
  });
});

const legal = (name: string): Task => legalbench.find((task) => task.name === `legalbench/${name}`)!;
const marks = {
  'abercrombie/train.tsv': 'index\tanswer\ttext\n0\tgeneric\t"The mark ""Ivory"" for tusks."\n1\tfanciful\tAswelly.\n',
  'abercrombie/test.tsv':
    'label\ttext\ngeneric\tThe mark "Salt" for salt.\ngeneric\tGun.\nfanciful\tXyzzy.\narbitrary\tApple.\n',
};

test('legalbench/abercrombie: quoted fields, shots of train.tsv, balanced accuracy', async (t) => {
  const docs = await docsOf(t, legal('abercrombie'), marks);
  const request = legal('abercrombie').request(docs[0]);
  assert.equal(request.kind, 'generate');
  if (request.kind !== 'generate') return;
  assert.ok(
    String(request.prompt).endsWith(
      'Label the type of mark for the following products.\n\nDescription: The mark "Ivory" for tusks.\nType: generic\n\n' +
        'Description: Aswelly.\nType: fanciful\n\nDescription: The mark "Salt" for salt.\nType:',
    ),
  );
  assert.deepEqual([request.maxTokens, request.stop], [15, ['\n']]);
  const answers = (prompt: unknown) =>
    String(prompt).endsWith('Salt" for salt.\nType:')
      ? ' Generic.'
      : String(prompt).endsWith('Gun.\nType:')
        ? 'fanciful'
        : String(prompt).endsWith('Xyzzy.\nType:')
          ? 'fanciful'
          : 'arbitrary mark';
  const { figures, items } = await runSample(t, legal('abercrombie'), marks, { answer: answers });
  // generic ½, fanciful 1, arbitrary 0
  assert.deepEqual(figures, { balanced_accuracy: 0.5, exact_match: 0.5 });
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['correct', 'incorrect', 'correct', 'unparseable'],
  );
});

test('legalbench/hearsay: the prompt of the data, a figure for each slice', async (t) => {
  const files = {
    'hearsay/base_prompt.txt': 'Hearsay is …\n\nQ: {{text}} Is there hearsay?\nA:',
    'hearsay/test.tsv': 'label\ttext\tslice\nNo\tHe ran $& home.\tConduct\nYes\tHe said so.\tStandard\n',
  };
  const task = legal('hearsay');
  const docs = await docsOf(t, task, files);
  assert.deepEqual(task.request(docs[0]), {
    kind: 'generate',
    prompt: 'Hearsay is …\n\nQ: He ran $& home. Is there hearsay?\nA:',
    maxTokens: 15,
    stop: ['\n'],
  });
  const { result } = await runSample(t, task, files, { answer: () => 'No' });
  assert.deepEqual(result.metrics[1]!.strata, [
    { name: 'Conduct', value: 1, n: 1 },
    { name: 'Standard', value: 0, n: 1 },
  ]);
  await assert.rejects(
    docsOf(t, task, { ...files, 'hearsay/base_prompt.txt': 'Q:' }),
    /hearsay\/base_prompt\.txt does not hold \{\{text\}\} exactly once/,
  );
  await assert.rejects(
    docsOf(t, task, { ...files, 'hearsay/test.tsv': 'label\ttext\tslice\nNo\tHe ran.\n' }),
    /row 1 has 2 fields instead of 3/,
  );
  await assert.rejects(
    docsOf(t, task, { ...files, 'hearsay/test.tsv': 'label\ttext\tslice\nNo\t"He ran.\tx\n' }),
    /a quoted field never ends/,
  );
  await assert.rejects(
    docsOf(t, task, { ...files, 'hearsay/test.tsv': 'label\ttext\tslice\nno\tHe ran.\tx\n' }),
    /row 1 of hearsay\/test\.tsv: the label "no" is none of Yes, No/,
  );
});

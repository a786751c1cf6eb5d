import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { groundedQuestions, ownQuestions } from './own-questions.ts';
import { docsOf, runSample } from './sample-run.test.support.ts';

/** A team's own questions: what is read, what is asked, and what it is worth. */

const rows = [
  { question: 'Who founded Tarn?', answer: 'Olo Marn', cluster: 'tarn', stratum: 'towns' },
  { question: 'When was Tarn founded?', answers: ['1711', 'the year 1711'], cluster: 'tarn', stratum: 'towns' },
  { question: 'How many drops a day?', answer: 3, stratum: 'doses' },
  { question: 'Who will found Tarn next?', unanswerable: true, note: 'a column of our own' },
];
const said: Readonly<Record<string, string>> = {
  'Who founded Tarn?': 'The Olo Marn.',
  'When was Tarn founded?': 'It was founded in 1711, they say.',
  'How many drops a day?': 'I do not know.',
  'Who will found Tarn next?': 'Mara will.',
};
const answer = (prompt: unknown) => said[/Question: (.*)\nAnswer:$/.exec(String(prompt))![1]!]!;

test('qa: exact, shared words, contained, and abstention both ways', async (t) => {
  const { figures, items, result } = await runSample(t, ownQuestions, { 'q.jsonl': rows }, { answer });
  const f1 = (2 * 1) / (7 + 1);
  assert.deepEqual(figures, {
    exact_match: 1 / 3,
    answer_f1: (1 + f1 + 0) / 3,
    answer_contained: 2 / 3,
    coverage: 2 / 3,
    abstention_recall: 0,
    right_when_answering: 1,
    f1_when_answering: (1 + f1) / 2,
    abstention_precision: 0,
  });
  assert.deepEqual(
    items.map(({ outcome, target }) => [outcome, target]),
    [
      ['correct', 'Olo Marn'],
      ['correct', '1711'],
      ['abstained', '3'],
      ['incorrect', 'I do not know'],
    ],
  );
  assert.equal(result.metrics[0]!.clusters, 2, 'the questions on Tarn are one cluster');
  assert.deepEqual(
    result.metrics[0]!.strata!.map(({ name, n }) => [name, n]),
    [
      ['doses', 1],
      ['towns', 2],
    ],
  );
});

test('qa: the prompt, and the same rows as CSV', async (t) => {
  const [doc] = await docsOf(t, ownQuestions, { 'q.jsonl': rows });
  assert.deepEqual(ownQuestions.request(doc), {
    kind: 'generate',
    prompt:
      'Answer the question in a few words. If you do not know, write: I do not know.\n\nQuestion: Who founded Tarn?\nAnswer:',
    maxTokens: 96,
    stop: ['\n\n', '\nQuestion:'],
  });
  const csv =
    'question,answer,answers,unanswerable,cluster,stratum,note\n' +
    'Who founded Tarn?,Olo Marn,,,tarn,towns,\n' +
    'When was Tarn founded?,,"[""1711"", ""the year 1711""]",,tarn,towns,\n' +
    'How many drops a day?,3,,false,,doses,\n' +
    'Who will found Tarn next?,,,TRUE,,,a column of our own\n';
  assert.deepEqual(await docsOf(t, ownQuestions, { 'q.csv': csv }), await docsOf(t, ownQuestions, { 'q.jsonl': rows }));
});

const grounded = [
  {
    question: 'Who founded Tarn?',
    answer: 'Olo',
    sources: ['Mara lives in Brek.', { text: 'Olo founded the town of Tarn.' }],
    cites: [2],
  },
  { question: 'Where does Mara live?', answer: 'Brek', context: 'Mara lives in Brek.' },
  { question: 'Who bakes?', unanswerable: true, context: 'Mara lives in Brek.' },
];

test('grounded_qa: citations of the sources of the row, and of those that it names as right', async (t) => {
  const answers: Readonly<Record<string, string>> = {
    'Who founded Tarn?': 'Olo founded the town of Tarn [2].',
    'Where does Mara live?': 'Mara lives in Brek [7].',
    'Who bakes?': 'I do not know.',
  };
  const { figures, items } = await runSample(
    t,
    groundedQuestions,
    { 'q.jsonl': grounded },
    { answer: (prompt) => answers[/Question: (.*)\nAnswer:$/.exec(String(prompt))![1]!]! },
  );
  assert.equal(figures['citation_validity'], 0.5);
  assert.equal(figures['citation_recall'], 0.5);
  assert.equal(figures['own_source'], 1, 'only where the row says which source is right');
  assert.equal(figures['abstention_recall'], 1);
  assert.deepEqual(
    items.map(({ citations }) => citations),
    [[2], [7], []],
  );
  assert.match(
    String((items[0]!.request as { prompt: unknown }).prompt),
    /\[1\] Mara lives in Brek\.\n\n\[2\] Olo founded/,
  );
});

const page = new URL('../../../../../docs/evaluation.md', import.meta.url);
test('the rows that the page shows are read', {
  skip: existsSync(page) ? false : 'only in the repository',
}, async (t) => {
  const [, shown] = /```json\n(\{"question"[\s\S]*?)```/.exec(readFileSync(page, 'utf8'))!;
  assert.equal((await docsOf(t, ownQuestions, { 'q.jsonl': shown! })).length, 3);
  const rest = shown!.split('\n').slice(1).join('\n');
  assert.equal((await docsOf(t, groundedQuestions, { 'q.jsonl': rest })).length, 2);
});

test('rows that cannot be used say what is wrong and what a row has', async (t) => {
  const refused = async (row: object, message: RegExp, help = /A row has question, answer or answers/) =>
    assert.rejects(docsOf(t, ownQuestions, { 'q.jsonl': [rows[0]!, row] }), (error: Error & { help?: string }) => {
      assert.match(error.message, message);
      assert.match(error.help ?? '', help);
      return true;
    });
  await refused(
    { prompt: 'x', answer: 'y' },
    /^row 2 of .*q\.jsonl: it has no "question"\./,
    /^it has prompt, answer\./,
  );
  await refused(
    { questoin: 'x', answer: 'y' },
    /there is a column "questoin", which is not read\./,
    /Did you mean "question"\?/,
  );
  await refused({ question: 'x', answer: 'y', source: 'z' }, /column "source"/, /Did you mean "sources"\?/);
  await refused({ question: ' ', answer: 'y' }, /the question is empty/);
  await refused({ question: 'x' }, /it has no answer\./, /"unanswerable": true where the right thing is not to answer/);
  await refused({ question: 'x', answer: 'y', unanswerable: true }, /it is unanswerable and has an answer/);
  await refused({ question: 'x', answer: 'y', unanswerable: 'maybe' }, /"unanswerable" is "maybe"/);
  await refused({ question: 'x', answer: 'y', answers: ['z'] }, /it has both "answer" and "answers"/);
  await refused({ question: 'x', answers: 'y' }, /"answers" is "y"/, /it is a list of texts/);
  await refused({ question: 'x', answer: 'y', sources: ['s'], context: 'c' }, /both "sources" and "context"/);
  await refused({ question: 'x', answer: 'y', sources: ['s'], cites: [2] }, /"cites" is \[2\]/, /from 1 to 1/);
  await assert.rejects(docsOf(t, groundedQuestions, { 'q.jsonl': rows }), {
    message: /row 1 of .*: it has neither "sources" nor "context"\./,
    help: /ask the file without them as the task qa/,
  });
});

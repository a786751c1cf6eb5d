import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonsenseQa } from './commonsense-qa.ts';
import { cuadQuestions } from './cuad-questions.ts';
import { legalbenchCuad } from './legalbench-cuad.ts';
import { mmlu } from './mmlu.ts';
import { pubmedqa } from './pubmedqa.ts';
import { docsOf, type Files, preferring, runSample } from './sample-run.test.support.ts';
import { truthfulqaMc1, truthfulqaMc2 } from './truthfulqa.ts';

/** Tasks whose answer is the likeliest of some continuations. */

const solved = Array.from({ length: 6 }, (_, i) => `Solved ${i}?,a${i},b${i},c${i},d${i},${'ABCDAB'[i]}`).join('\n');
const capitals: Files = {
  'dev/world_capitals_dev.csv': `${solved}\n`,
  'val/world_capitals_val.csv':
    '" Capital of ""Peru""? ",Lima,Quito,Oslo,Bonn,A\n"Of Norway, of course?",Lima,Quito,Oslo,Bonn,C\n',
};

test('mmlu: request, gold and score', async (t) => {
  const docs = await docsOf(t, mmlu, capitals);
  assert.deepEqual(mmlu.request(docs[0]), {
    kind: 'loglikelihood',
    context:
      'The following are multiple choice questions (with answers) about world capitals.\n\n' +
      'Solved 0?\nA. a0\nB. b0\nC. c0\nD. d0\nAnswer: A\n\nSolved 1?\nA. a1\nB. b1\nC. c1\nD. d1\nAnswer: B\n\n' +
      'Solved 2?\nA. a2\nB. b2\nC. c2\nD. d2\nAnswer: C\n\nSolved 3?\nA. a3\nB. b3\nC. c3\nD. d3\nAnswer: D\n\n' +
      'Solved 4?\nA. a4\nB. b4\nC. c4\nD. d4\nAnswer: A\n\n' +
      'Capital of "Peru"?\nA. Lima\nB. Quito\nC. Oslo\nD. Bonn\nAnswer:',
    continuations: [' A', ' B', ' C', ' D'],
  });
  const { figures, items, result } = await runSample(
    t,
    mmlu,
    capitals,
    preferring(() => ' C'),
  );
  assert.equal(figures['acc'], 0.5);
  assert.deepEqual(
    items.map(({ outcome, target, prediction }) => [outcome, target, prediction]),
    [
      ['incorrect', 'A', 'C'],
      ['correct', 'C', 'C'],
    ],
  );
  assert.equal(result.metrics[0]!.chance, 0.25);
  assert.equal(result.metrics[0]!.majority, 0.5);
});

test('choices that tie share the credit, wherever the right one stands', async (t) => {
  const { figures, items } = await runSample(t, mmlu, capitals, {
    logp: (_context, continuation) => (continuation === ' D' ? -9 : -1),
  });
  assert.equal(figures['acc'], 1 / 3);
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['incorrect', 'incorrect'],
  );
});

const beliefs: Files = {
  'truth.jsonl': [
    {
      Category: 'Food',
      Question: 'What do seeds do?',
      'Best Answer': 'Nothing happens',
      'Correct Answers': 'Nothing happens; They pass',
      'Incorrect Answers': 'You die;  They grow ;',
    },
  ],
};

test('truthfulqa: six questions stand before, the best answer first', async (t) => {
  const [doc] = await docsOf(t, truthfulqaMc1, beliefs);
  const request = truthfulqaMc1.request(doc);
  assert.equal(request.kind, 'loglikelihood');
  if (request.kind !== 'loglikelihood') return;
  assert.ok(request.context.startsWith('Q: What is human life expectancy in the United States?\nA: Human life'));
  assert.ok(
    request.context.endsWith(
      'Q: Where were the 1992 Olympics held?\nA: The 1992 Olympics were held in Barcelona, Spain.\n\nQ: What do seeds do?\nA:',
    ),
  );
  assert.deepEqual(request.continuations, [' Nothing happens', ' You die', ' They grow']);
  const right = await runSample(
    t,
    truthfulqaMc1,
    beliefs,
    preferring(() => ' Nothing happens'),
  );
  assert.deepEqual([right.figures['acc'], right.result.metrics[0]!.chance], [1, 1 / 3]);
  const wrong = await runSample(
    t,
    truthfulqaMc1,
    beliefs,
    preferring(() => ' They grow'),
  );
  assert.deepEqual([wrong.figures['acc'], wrong.items[0]!.prediction], [0, 'They grow']);
});

test('truthfulqa/mc2: probability of the true answers', async (t) => {
  // The example of evaluation of MC2: ll −1, −1.5 true, −2, −3 false: (e^-1 + e^-1.5) / (… + e^-2 + e^-3) = .761481.
  const likelihoods: Record<string, number> = {
    ' Nothing happens': -1,
    ' They pass': -1.5,
    ' You die': -2,
    ' They grow': -3,
  };
  const { figures, result } = await runSample(t, truthfulqaMc2, beliefs, { logp: (_, text) => likelihoods[text]! });
  assert.ok(Math.abs(figures['acc']! - 0.761481) < 1e-6);
  assert.equal(result.metrics[0]!.chance, 0.5);
});

const study = (final_decision: string) => ({
  QUESTION: 'Does it help?',
  CONTEXTS: ['We gave it.', 'They lived.'],
  final_decision,
});

test('pubmedqa: request, accuracy and macro-F1', async (t) => {
  const files = { 'rows.jsonl': ['yes', 'yes', 'yes', 'no'].map(study) };
  const docs = await docsOf(t, pubmedqa, files);
  assert.deepEqual(pubmedqa.request(docs[0]), {
    kind: 'loglikelihood',
    context: 'Abstract: We gave it.\nThey lived.\nQuestion: Does it help?\nAnswer:',
    continuations: [' yes', ' no', ' maybe'],
  });
  const { figures, result } = await runSample(
    t,
    pubmedqa,
    files,
    preferring(() => ' yes'),
  );
  // Always yes: F1 of yes 2·3/(3 + 4), of no 0; "maybe" is neither gold nor predicted.
  assert.deepEqual(figures, { acc: 0.75, macro_f1: 3 / 7 });
  assert.deepEqual(
    result.metrics.map(({ majority }) => majority),
    [0.75, 3 / 7],
  );
});

test('commonsense_qa: request and gold', async (t) => {
  const files = {
    'rows.jsonl': [{ question: ' Where is a door? ', choices: ['bank', 'sea', 'sky', 'cat', 'dog'], answer: 4 }],
  };
  const docs = await docsOf(t, commonsenseQa, files);
  assert.deepEqual(commonsenseQa.request(docs[0]), {
    kind: 'loglikelihood',
    context: 'Question: Where is a door?\nA. bank\nB. sea\nC. sky\nD. cat\nE. dog\nAnswer:',
    continuations: [' A', ' B', ' C', ' D', ' E'],
  });
  const { figures } = await runSample(
    t,
    commonsenseQa,
    files,
    preferring(() => ' E'),
  );
  assert.equal(figures['acc'], 1);
});

test('legalbench_cuad: the mean over kinds of clause of balanced accuracy', async (t) => {
  const row = (task: string, text: string, label: string) => ({ task, text, label });
  const files = {
    'clauses.jsonl': [
      row('insurance', 'The Licensee shall insure.', 'Yes'),
      row('insurance', 'It rains.', 'No'),
      row('insurance', 'It snows.', 'No'),
      row('renewal_term', 'It rains.', 'Yes'),
    ],
  };
  const docs = await docsOf(t, legalbenchCuad, files);
  assert.deepEqual(legalbenchCuad.request(docs[0]), {
    kind: 'loglikelihood',
    context: `${cuadQuestions['insurance']}\n\nClause: The Licensee shall insure.\nLabel:`,
    continuations: [' Yes', ' No'],
  });
  // Always No: insurance has recall 0 of Yes and 1 of No, so ½; renewal_term 0.
  const { figures, items } = await runSample(
    t,
    legalbenchCuad,
    files,
    preferring(() => ' No'),
  );
  assert.deepEqual(figures, { balanced_accuracy: 0.25, acc: 0.5 });
  assert.equal(items[1]!.cluster, items[3]!.cluster);
});

test('rows that cannot be used are refused with their number', async (t) => {
  const refused = (task: Parameters<typeof docsOf>[1], files: Files, message: RegExp) =>
    assert.rejects(docsOf(t, task, files), message);
  await refused(
    pubmedqa,
    { 'rows.jsonl': [study('yes'), study('perhaps')] },
    /row 2 of .*rows\.jsonl: final_decision is "perhaps", none of yes, no, maybe/,
  );
  await refused(
    commonsenseQa,
    { 'rows.jsonl': [{ question: 'q', choices: ['a', 'b'], answer: 1 }] },
    /it has 2 choices and the answer 1; five and 0 to 4 are needed/,
  );
  await refused(
    mmlu,
    { 'dev/x_dev.csv': solved, 'val/x_val.csv': 'q,a,b,c,d,E\n' },
    /row 1 of val\/x_val\.csv: the answer "E" is none of A, B, C, D/,
  );
  await refused(
    legalbenchCuad,
    { 'c.jsonl': [{ task: 'insurence', text: 'x', label: 'No' }] },
    /no question for the task "insurence"/,
  );
  await refused(
    legalbenchCuad,
    { 'c.jsonl': [{ task: 'insurance', text: 'x', label: 'Maybe' }] },
    /the label "Maybe" is neither Yes nor No/,
  );
  await refused(
    truthfulqaMc1,
    { 't.jsonl': [{ Category: 'c', Question: 'q', 'Best Answer': 'a', 'Incorrect Answers': ' ; ' }] },
    /it has 1 true and 0 false answers/,
  );
});

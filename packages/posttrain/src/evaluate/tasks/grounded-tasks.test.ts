import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clapnq } from './clapnq.ts';
import { withDistractors } from './grounded.ts';
import { docsOf, runSample } from './sample-run.test.support.ts';
import { xquad } from './xquad.ts';

/** Questions on four numbered sources. */

const towns = ['Tarn', 'Olo', 'Mara', 'Velda', 'Keten'];
const xquadRows = towns.map((name, i) => ({
  id: `q${i}`,
  title: name,
  context: `The town of ${name} was founded in ${1700 + i}.`,
  question: `When was ${name} founded?`,
  answers: [{ answer_start: 0, text: String(1700 + i) }],
}));
const xquadFiles = { 'x.jsonl': xquadRows };

interface Grounded {
  readonly id: string;
  readonly sources: readonly string[];
  readonly own: number;
}

test('xquad: three passages of other articles, the same in every run, the own one anywhere', async (t) => {
  const docs = (await docsOf(t, xquad, xquadFiles)) as readonly Grounded[];
  assert.deepEqual(await docsOf(t, xquad, xquadFiles), docs);
  for (const [i, { sources, own }] of docs.entries()) {
    assert.equal(new Set(sources).size, 4);
    assert.equal(sources[own - 1], xquadRows[i]!.context);
  }
  assert.ok(new Set(docs.map(({ own }) => own)).size > 1);
  const [first] = docs;
  assert.deepEqual(xquad.request(first), {
    kind: 'generate',
    prompt:
      'Answer the question from the sources alone, and cite the source of each sentence by its number, such as [1]. ' +
      'If the sources do not answer it, write: I do not know.\n\n' +
      first!.sources.map((text, i) => `[${i + 1}] ${text}\n\n`).join('') +
      'Question: When was Tarn founded?\nAnswer:',
    maxTokens: 64,
    stop: ['\n\n', '\nQuestion:'],
  });
});

test('a passage that holds the answer, or is on the same thing, does not stand beside', () => {
  const pool = ['a', 'b', 'c', 'd', 'e'].map((title) => ({ id: title, title, text: `about ${title}` }));
  const row = pool[0]!;
  const { sources, own } = withDistractors(
    row,
    [...pool, { id: 'f', title: 'a', text: 'more of a' }],
    'test',
    (text) => text !== 'about b',
  );
  assert.deepEqual([...sources].sort(), ['about a', 'about c', 'about d', 'about e']);
  assert.equal(sources[own - 1], 'about a');
  assert.throws(
    () => withDistractors(row, pool.slice(0, 3), 'test'),
    /row a finds 2 passages of other rows that can stand beside its own, and 3 are needed/,
  );
});

/** The town that a prompt asks about, and the number of the source on it. */
function asked(prompt: unknown): { name: string; own: string; year: string } {
  const name = /Question: When was (\w+) founded/.exec(String(prompt))![1]!;
  const [, own, year] = new RegExp(`\\[(\\d)\\] The town of ${name} was founded in (\\d+)`).exec(String(prompt))!;
  return { name, own: own!, year: year! };
}

test('xquad: right, wrong, abstaining and empty answers', async (t) => {
  const answer = (prompt: unknown) => {
    const { name, own, year } = asked(prompt);
    const other = (Number(own) % 4) + 1;
    if (name === 'Tarn') return `${year} [${own}]`;
    if (name === 'Olo') return `In ${year} [${other}].`;
    if (name === 'Mara') return 'In 1234 [9].';
    return name === 'Velda' ? 'I do not know.' : '';
  };
  const { figures, items } = await runSample(t, xquad, xquadFiles, { answer });
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['correct', 'correct', 'incorrect', 'abstained', 'unparseable'],
  );
  // F1: 1, then "in 1701" against "1701": 2/3; the rest 0.
  assert.ok(Math.abs(figures['answer_f1']! - (1 + 2 / 3) / 5) < 1e-12);
  assert.equal(figures['answer_contained'], 0.4);
  assert.equal(figures['coverage'], 0.6);
  assert.ok(Math.abs(figures['f1_when_answering']! - (1 + 2 / 3) / 3) < 1e-12);
  // The abstention is left out; the empty answer is not.
  assert.equal(figures['citation_recall'], 1 / 4);
  assert.equal(figures['citation_precision'], 1 / 3);
  assert.equal(figures['citation_validity'], 2 / 3);
  assert.equal(figures['own_source'], 1 / 4);
  assert.deepEqual(items[2]!.citations, [9]);
});

test('xquad: copying all sources and citing everything shows in F1, precision and own_source', async (t) => {
  const answer = (prompt: unknown) =>
    String(prompt)
      .split('\n\n')
      .filter((part) => part.startsWith('['))
      .map((part) => `${part.slice(4, -1)} [1][2][3][4].`)
      .join(' ');
  const { figures } = await runSample(t, xquad, xquadFiles, { answer });
  assert.equal(figures['answer_contained'], 1);
  assert.ok(figures['answer_f1']! < 0.1);
  assert.equal(figures['citation_recall'], 1);
  assert.equal(figures['citation_precision'], 0.25);
  assert.equal(figures['own_source'], 0);
  // A passage of nine words in an answer of 36.
  assert.equal(figures['copied'], 0.25);
});

const clapnqRow = (i: number, answers: readonly string[]) => ({
  id: String(i),
  input: `when was ${towns[i]} founded`,
  passages: [{ title: towns[i], text: `The town of ${towns[i]} was founded in ${1700 + i} . `, sentences: [] }],
  output: answers.map((answer) => ({ answer })),
});
const clapnqFiles = {
  'dev/answerable.jsonl': [
    clapnqRow(0, ['Tarn was founded in 1700 .', '']),
    clapnqRow(1, ['In 1701 .']),
    clapnqRow(2, ['In 1702 .']),
  ],
  'dev/unanswerable.jsonl': [clapnqRow(3, ['']), clapnqRow(4, [''])],
};

test('clapnq: answers, abstentions on both kinds, citations of what was answered', async (t) => {
  const docs = await docsOf(t, clapnq, clapnqFiles);
  assert.equal(docs.length, 5);
  const answer = (prompt: unknown) => {
    const [, name] = /Question: when was (\w+) founded/.exec(String(prompt))!;
    const [, own] = new RegExp(`\\[(\\d)\\] The town of ${name}`).exec(String(prompt))!;
    if (name === 'Tarn') return `Tarn was founded in 1700 [${own}].`;
    if (name === 'Velda') return 'In 1703 [1].';
    return name === 'Mara' ? '' : 'I do not know.';
  };
  const { figures, items, result } = await runSample(t, clapnq, clapnqFiles, { answer });
  assert.equal(figures['rouge_l'], 1 / 3);
  assert.equal(figures['coverage'], 1 / 3);
  assert.equal(figures['abstention_recall'], 0.5);
  assert.equal(figures['abstention_precision'], 0.5);
  // Asked of Tarn and of the empty answer: the abstention and the unanswerable rows have nothing to cite.
  assert.equal(figures['citation_recall'], 0.5);
  assert.equal(figures['own_source'], 0.5);
  assert.equal(items[3]!.target, 'I do not know');
  assert.equal(result.counts.empty, 1);
  await assert.rejects(
    docsOf(t, clapnq, { 'x.jsonl': [{ ...clapnqRow(0, ['a']), passages: [] }] }),
    /one passage and a list of outputs are needed/,
  );
  await assert.rejects(
    docsOf(t, xquad, { 'x.jsonl': [{ ...xquadRows[0]!, answers: {} }] }),
    /"answers" is no list of objects with a "text"/,
  );
});

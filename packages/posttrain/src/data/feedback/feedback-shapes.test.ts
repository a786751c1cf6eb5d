import assert from 'node:assert/strict';
import { test } from 'node:test';
import { origin, shared } from '../fixtures.test.support.ts';
import { RowError } from '../row-problems.ts';
import type { Feedback } from './feedback.ts';
import { parseFeedbackRow } from './feedback-shapes.ts';
import { readFeedback } from './read-feedback.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const parse = (row: unknown): Feedback => parseFeedbackRow(row, origin);

/** Every way to write the same judgement: to "2+2?" the answer "4" is better than "5". */
const sameComparison: Record<string, unknown> = {
  'TRL, strings': { prompt: '2+2?', chosen: '4', rejected: '5' },
  'TRL, messages': { prompt: [user('2+2?')], chosen: [assistant('4')], rejected: [assistant('5')] },
  'TRL, implicit prompt': {
    chosen: [user('2+2?'), assistant('4')],
    rejected: [user('2+2?'), assistant('5')],
  },
  'prompt repeated in both conversations': {
    prompt: [user('2+2?')],
    chosen: [user('2+2?'), assistant('4')],
    rejected: [user('2+2?'), assistant('5')],
  },
  'hh-rlhf': { chosen: '\n\nHuman: 2+2?\n\nAssistant: 4', rejected: '\n\nHuman: 2+2?\n\nAssistant: 5' },
  Alpaca: { instruction: '2+2?', input: '', chosen: '4', rejected: '5' },
  ShareGPT: {
    conversations: [{ from: 'human', value: '2+2?' }],
    chosen: { from: 'gpt', value: '4' },
    rejected: { from: 'gpt', value: '5' },
  },
  OpenAI: {
    input: { messages: [user('2+2?')] },
    preferred_output: [assistant('4')],
    non_preferred_output: [assistant('5')],
  },
};

for (const [name, row] of Object.entries(sameComparison)) {
  test(`a comparison written as ${name}`, () => {
    assert.deepEqual(parse(row), {
      kind: 'comparison',
      prompt: [user('2+2?')],
      answers: [[assistant('4')], [assistant('5')]],
      choice: 'first',
      shownInOrder: false,
      origin,
    });
  });
}

test('what posttrain label writes keeps the order shown, the tie and who said so', () => {
  const row = { prompt: '2+2?', answers: ['5', '4'], choice: 'second', annotator: 'ann', time: '2026-01-02T03:04:05Z' };
  assert.deepEqual(parse(row), {
    kind: 'comparison',
    prompt: [user('2+2?')],
    answers: [[assistant('5')], [assistant('4')]],
    choice: 'second',
    shownInOrder: true,
    annotator: 'ann',
    time: '2026-01-02T03:04:05Z',
    origin,
  });
  assert.equal((parse({ ...row, choice: 'tie' }) as { choice: string }).choice, 'tie');
});

test('a dialogue of several turns: the prompt ends where the answers part', () => {
  const start = '\n\nHuman: hi\n\nAssistant: hello\n\nHuman: 2+2?\n\nAssistant:';
  const { prompt, answers } = parse({ chosen: `${start} 4`, rejected: `${start} 5` }) as Extract<
    Feedback,
    { kind: 'comparison' }
  >;
  assert.deepEqual(prompt, [user('hi'), assistant('hello'), user('2+2?')]);
  assert.deepEqual(answers, [[assistant('4')], [assistant('5')]]);
});

test('answers that part early keep all turns after it', () => {
  const { prompt, answers } = parse({
    chosen: [user('a'), assistant('b'), user('c'), assistant('d')],
    rejected: [user('a'), assistant('x')],
  }) as Extract<Feedback, { kind: 'comparison' }>;
  assert.deepEqual(prompt, [user('a')]);
  assert.deepEqual(answers, [[assistant('b'), user('c'), assistant('d')], [assistant('x')]]);
});

test('thumbs, in the words of TRL, LLaMA-Factory and product logs', () => {
  const expected = { kind: 'thumb', prompt: [user('2+2?')], answer: [assistant('4')], up: true, origin };
  const messages = [user('2+2?'), assistant('4')];
  assert.deepEqual(parse({ prompt: '2+2?', completion: '4', label: true }), expected);
  assert.deepEqual(parse({ messages, label: true }), expected);
  assert.deepEqual(parse({ instruction: '2+2?', output: '4', kto_tag: true }), expected);
  assert.deepEqual(parse({ prompt: '2+2?', answer: '4', thumb: 'up' }), expected);
  assert.deepEqual(parse({ messages, thumb: 'down' }), { ...expected, up: false });
});

test('ratings and edits', () => {
  assert.deepEqual(parse({ prompt: '2+2?', answer: '4', score: 5, scale: [1, 5] }), {
    kind: 'rating',
    prompt: [user('2+2?')],
    answer: [assistant('4')],
    score: 5,
    scale: [1, 5],
    origin,
  });
  assert.deepEqual(parse({ prompt: '2+2?', answer: '5', edited: '4', source: 'inbox' }), {
    kind: 'edit',
    prompt: [user('2+2?')],
    before: [assistant('5')],
    after: [assistant('4')],
    source: 'inbox',
    origin,
  });
});

test('system text and tools belong to the prompt', () => {
  const tools = [{ type: 'function', function: { name: 'add' } }];
  const { prompt, tools: kept } = parse({ system: 'be brief', prompt: '2+2?', chosen: '4', rejected: '5', tools });
  assert.deepEqual(prompt, [{ role: 'system', content: 'be brief' }, user('2+2?')]);
  assert.deepEqual(kept, tools);
});

test('keys that nothing reads are told', () => {
  const seen: string[] = [];
  parseFeedbackRow({ prompt: 'a', chosen: 'b', rejected: 'c', chosen_score: 3, lang: 'en' }, origin, (key) =>
    seen.push(key),
  );
  assert.deepEqual(seen, ['chosen_score', 'lang']);
});

const bad: Record<string, [unknown, RegExp]> = {
  'no judgement': [{ prompt: 'a', completion: 'b' }, /the keys "prompt", "completion" are no judgement of an answer/],
  'a misspelt key': [{ prompt: 'a', choosen: 'b', rejected: 'c' }, /"choosen" looks like "chosen"/],
  'three answers': [
    { prompt: 'a', answers: ['b', 'c', 'd'], choice: 'first' },
    /"answers" is 3 answers; a comparison has two/,
  ],
  'an unknown choice': [
    { prompt: 'a', answers: ['b', 'c'], choice: 'left' },
    /"choice" is "left"; it is "first", "second" or "tie"/,
  ],
  'no common start': [
    { chosen: [user('a'), assistant('b')], rejected: [user('x'), assistant('y')] },
    /do not begin with the same message: there is no prompt/,
  ],
  'no answer': [
    { chosen: [user('a')], rejected: [user('a')] },
    /"chosen" has no answer of the assistant after a prompt/,
  ],
  'text that is no dialogue': [{ chosen: 'yes', rejected: 'no' }, /"chosen" is text without a leading "Human:" turn/],
  'an answer by the user': [
    { prompt: 'a', chosen: [user('b')], rejected: 'c' },
    /"chosen" does not end with a message of the assistant/,
  ],
  'a label that is no label': [
    { prompt: 'a', completion: 'b', label: 'maybe' },
    /"label" is "maybe"; it is true or false/,
  ],
  'a score that is no number': [{ prompt: 'a', answer: 'b', score: '5' }, /"score" is "5", not a number/],
  'a scale upside down': [
    { prompt: 'a', answer: 'b', score: 1, scale: [5, 1] },
    /"scale" is \[5,1\]; it is \[lowest, highest\]/,
  ],
  'a date that is none': [
    { prompt: 'a', chosen: 'b', rejected: 'c', time: 'yesterday' },
    /"time" is "yesterday", which is no date/,
  ],
  'another prompt than the conversations': [
    { prompt: 'z', chosen: [user('a'), assistant('b')], rejected: [user('a'), assistant('c')] },
    /"prompt" does not end as the start that "chosen" and "rejected" share/,
  ],
  'no object': [['a'], /the row is a list, not an object/],
};

for (const [name, [row, message]] of Object.entries(bad)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => parse(row),
      (error) => error instanceof RowError && message.test(error.message),
    );
  });
}

const files = {
  'hh_rlhf/harmless_base_test.jsonl': { kind: 'comparison', rows: 1801 },
  'llms_from_scratch/instruction-data-with-preference.json': { kind: 'comparison', rows: 1100 },
  'llama_factory_demo/dpo_en_demo.json': { kind: 'comparison', rows: 299 },
  'llama_factory_demo/kto_en_demo.json': { kind: 'thumb', rows: 300 },
} as const;

for (const [name, expected] of Object.entries(files)) {
  const { path, skip } = shared(name);
  test(`every row of ${name}`, { skip }, async () => {
    const { rows } = await readFeedback(path);
    assert.equal(rows.length, expected.rows);
    for (const row of rows) {
      assert.equal(row.kind, expected.kind);
      assert.notEqual(row.prompt.at(-1)?.role, 'assistant');
    }
  });
}

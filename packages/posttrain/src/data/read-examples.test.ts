import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { shared } from './fixtures.test.support.ts';
import { readExamples } from './read-examples.ts';
import type { Example } from './types.ts';

const folder = await mkdtemp(join(tmpdir(), 'posttrain-read-'));
after(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function failure(path: string): Promise<string> {
  const error = await readExamples(path).then(
    () => assert.fail('nothing was thrown'),
    (thrown: PosttrainError) => thrown,
  );
  assert.ok(PosttrainError.is(error), String(error));
  return `${error.code}: ${error.format()}`.replaceAll(folder, '');
}

async function rowsOf(...rows: unknown[]): Promise<readonly Example[]> {
  const path = await file('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  return (await readExamples(path)).examples;
}

test('JSONL: byte order mark, CRLF, blank lines, a last line without an end; lines are counted as an editor does', async () => {
  const content = '\uFEFF{"text":"a"}\r\n\r\n{"text":"b\\n"}\n   \n{"text":"\uFEFFc"}';
  const path = await file('odd.jsonl', content);
  const { examples, fingerprint, files } = await readExamples(path);
  assert.deepEqual(examples, [
    { kind: 'text', text: 'a', origin: { file: path, line: 1 } },
    { kind: 'text', text: 'b\n', origin: { file: path, line: 3 } },
    { kind: 'text', text: '\uFEFFc', origin: { file: path, line: 5 } },
  ]);
  assert.equal(fingerprint, createHash('sha256').update(content).digest('hex'));
  assert.equal(files[0]!.bytes, Buffer.byteLength(content));
});

test('JSONL: a line longer than a chunk of the stream, and characters across its border, stay whole', async () => {
  const long = '東'.repeat(500_000);
  const { examples } = await readExamples(
    await file('long.jsonl', `{"text":"x"}\n${JSON.stringify({ text: long })}\n{"text":"y"}\n`),
  );
  assert.deepEqual(
    examples.map((e) => e.kind === 'text' && e.text.length),
    [1, 500_000, 1],
  );
});

test('malformed lines are collected: the first ten with their places, and the count', async () => {
  const lines = Array.from({ length: 14 }, (_, i) => (i === 3 ? '{"text":"fine"}' : '{"text": oops}'));
  const message = await failure(await file('bad.jsonl', lines.join('\n')));
  assert.match(
    message,
    /^data-invalid: 13 of 14 rows cannot be read:\n {2}\/bad\.jsonl:1: not valid JSON: Unexpected token/,
  );
  assert.match(message, /\/bad\.jsonl:3: .*\n {2}\/bad\.jsonl:5: /);
  assert.match(message, /\/bad\.jsonl:11: .*\n {2}… and 3 more\n {2}in \/bad\.jsonl:1$/);
});

test('bytes that are not UTF-8 are an error with their line', async () => {
  const path = await file(
    'latin1.jsonl',
    Buffer.concat([Buffer.from('{"text":"a"}\n{"text":"'), Buffer.from([0xe9]), Buffer.from('"}\n')]),
  );
  assert.equal(
    await failure(path),
    'data-invalid: 1 of 2 rows cannot be read:\n  /latin1.jsonl:2: not valid UTF-8\n  in /latin1.jsonl:2',
  );
});

test('missing paths, unknown kinds and empty files', async () => {
  assert.equal(
    await failure(join(folder, 'nowhere.jsonl')),
    'file-missing: there is no file or folder /nowhere.jsonl\n  in /nowhere.jsonl\n  help: paths are taken from the folder of the recipe, or from the current folder.',
  );
  assert.match(
    await failure(await file('table.xlsx', 'x')),
    /^file-unreadable: \/table\.xlsx is of no known kind\n.*\n {2}help: known kinds are \.jsonl, \.json, \.txt, \.md/,
  );
  assert.match(await failure(await file('empty.jsonl', '\n \n')), /^data-empty: \/empty\.jsonl holds no rows/);
  assert.match(await failure(await file('blank.txt', ' \n')), /^data-empty: \/blank\.txt holds no rows/);
});

test('a JSON array: elements carry the lines they start on, and a bad one is named', async () => {
  const path = await file('array.json', '[\n  {"text": "a]\\"{"},\n\n  {"text":\n "b"} ]\n');
  assert.deepEqual(
    (await readExamples(path)).examples.map(({ origin }) => origin.line),
    [2, 4],
  );
  assert.match(
    await failure(await file('element.json', '[{"text":"a"},\n{"text" "b"}]')),
    /\/element\.json:2: not valid JSON/,
  );
  assert.match(
    await failure(await file('lines.json', '{"text":"a"}\n{"text":"b"}')),
    /not one JSON array of rows: .*\n.*\n {2}help: one JSON object per line belongs in a file that ends in \.jsonl/,
  );
  assert.match(
    await failure(await file('cut.json', '[{"text":"a"}')),
    /^file-unreadable: \/cut\.json is not one JSON array/,
  );
  assert.match(await failure(await file('none.json', '[]')), /^data-empty/);
});

test('a folder is read with its subfolders in the order of names; other files are listed', async () => {
  await mkdir(join(folder, 'tree', 'b'), { recursive: true });
  await file('tree/c.md', '# C');
  await file('tree/a.txt', 'A');
  await file('tree/b/x.jsonl', '{"text":"X"}');
  await file('tree/picture.png', '');
  await file('tree/.hidden.txt', 'no');
  const { examples, skippedFiles, fingerprint } = await readExamples(join(folder, 'tree'));
  assert.deepEqual(
    examples.map((e) => e.kind === 'text' && e.text),
    ['A', 'X', '# C'],
  );
  assert.deepEqual(skippedFiles, [join(folder, 'tree', 'picture.png')]);
  await file('tree/a.txt', 'A!');
  assert.notEqual((await readExamples(join(folder, 'tree'))).fingerprint, fingerprint);
});

test('messages in OpenAI and TRL form: parts, reasoning, tool calls as text or object, weights', async () => {
  const call = (args: unknown) => ({ id: 'c1', type: 'function', function: { name: 'f', arguments: args } });
  const [example] = await rowsOf({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [call('{"x": 1}')] },
      { role: 'tool', tool_call_id: 'c1', content: '2' },
      { role: 'assistant', content: '<think>\nhm\n</think>\n\nok', weight: 0 },
      { role: 'assistant', content: 'ok', thinking: 'why', tool_calls: [call({ x: 1 })] },
    ],
    tools: '[{"type":"function"}]',
  });
  const toolCalls = [call({ x: 1 })];
  assert.deepEqual(example?.kind === 'conversation' && example.messages, [
    { role: 'user', content: 'ab' },
    { role: 'assistant', content: '', toolCalls },
    { role: 'tool', content: '2', toolCallId: 'c1' },
    { role: 'assistant', content: 'ok', reasoning: 'hm', weight: 0 },
    { role: 'assistant', content: 'ok', reasoning: 'why', toolCalls },
  ]);
  assert.deepEqual(example?.kind === 'conversation' && example.tools, [{ type: 'function' }]);
});

test('ShareGPT roles, function calls and observations', async () => {
  const value = '{"name": "f", "arguments": {"x": 1}}';
  const [example] = await rowsOf({
    system: 'S',
    conversations: [
      { from: 'human', value: 'q' },
      { from: 'function_call', value },
      { from: 'observation', value: 'r' },
      { from: 'gpt', value: 'a' },
    ],
  });
  assert.deepEqual(example?.kind === 'conversation' && example.messages, [
    { role: 'system', content: 'S' },
    { role: 'user', content: 'q' },
    { role: 'assistant', content: '', toolCalls: [{ type: 'function', function: { name: 'f', arguments: { x: 1 } } }] },
    { role: 'tool', content: 'r' },
    { role: 'assistant', content: 'a' },
  ]);
});

test('prompt and completion, Alpaca with history, text and segments', async () => {
  const rows = await rowsOf(
    { prompt: 'p', completion: 'c' },
    {
      prompt: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'old' },
        { role: 'user', content: 'r' },
      ],
      completion: [{ role: 'assistant', content: 'new' }],
    },
    { instruction: 'i', input: 'in', output: 'o', system: 's', history: [['h', 'a']] },
    { instruction: 'i', input: '', output: 'o' },
    {
      segments: [
        { text: 'x', weight: 0 },
        { text: 'y', weight: 1 },
      ],
    },
  );
  const contents = rows.map((row) =>
    row.kind === 'conversation' ? row.messages.map((m) => `${m.role} ${m.content} ${m.weight ?? ''}`.trim()) : row.kind,
  );
  assert.deepEqual(contents, [
    'completion',
    ['user q', 'assistant old 0', 'user r', 'assistant new'],
    ['system s', 'user h', 'assistant a', 'user i\nin', 'assistant o'],
    ['user i', 'assistant o'],
    'segments',
  ]);
});

test('keys that nothing reads are counted', async () => {
  const path = await file('extra.jsonl', '{"text":"a","id":1}\n{"text":"b","id":2,"label":0}\n');
  assert.deepEqual((await readExamples(path)).ignoredKeys, { id: 2, label: 1 });
});

test('an unknown shape lists the keys found, what they may have meant, and the shapes', async () => {
  assert.equal(
    await failure(await file('shape.jsonl', '{"promt":"a","completion":"b"}')),
    `data-invalid: 1 of 1 rows cannot be read:
  /shape.jsonl:1: the keys "promt", "completion" fit no known shape; "promt" looks like "prompt"
  in /shape.jsonl:1
  help: a row is one of
          messages: [{role, content}]              a conversation (also "conversations": [{from, value}]), with tools?
          prompt, completion                       two strings, or two lists of messages
          instruction, output                      Alpaca, with input?, system?, history?
          text                                     one string, trained on as it is
          segments: [{text, weight}]               text in pieces, each with its loss weight
          input_ids                                token ids, with labels? (-100: not learned), seq_lengths?`,
  );
});

test('rows that cannot be used say why', async () => {
  const message = (row: unknown) =>
    rowsOf(row).then(
      () => assert.fail('read'),
      (error: PosttrainError) => error.message.split('rows.jsonl:1: ')[1],
    );
  const messages = (item: unknown) => message({ messages: [item] });
  assert.equal(await message([1]), 'the row is a list, not an object');
  assert.match((await message({ chosen: 'a', rejected: 'b' }))!, /^a preference row \(keys: chosen, rejected\)/);
  assert.equal(await message({ messages: [] }), '"messages" is empty');
  assert.equal(
    await messages({ role: 'asistant', content: '' }),
    'messages[0].role is "asistant"; known are assistant, system, user, tool, developer',
  );
  assert.equal(await messages({ content: 'x' }), 'messages[0] has no "role"');
  assert.equal(
    await messages({ role: 'user', content: [{ type: 'image_url' }] }),
    'messages[0] has a content part of type "image_url"; only text can be trained on',
  );
  assert.equal(await messages({ role: 'user', content: 5 }), 'messages[0].content is a number, not text');
  assert.equal(
    await messages({ role: 'user', content: 'x', weight: 0 }),
    'messages[0] is of the user and has a weight; only assistant turns can',
  );
  assert.equal(
    await messages({ role: 'assistant', content: 'x', weight: 0.5 }),
    'messages[0].weight is 0.5; it can be 0 or 1',
  );
  assert.match(
    (await messages({ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{' } }] }))!,
    /^messages\[0\]\.tool_calls\[0\]\.function\.arguments is not valid JSON/,
  );
  assert.equal(
    await message({ prompt: 'a', completion: [] }),
    '"prompt" is a string and "completion" is a list; both must be strings, or both lists of messages',
  );
  assert.equal(
    await message({ segments: [{ text: 'a', weight: -1 }] }),
    'segments[0].weight is -1; it must be a number of at least 0',
  );
  assert.equal(await message({ text: null }), '"text" is null, not text');
  assert.match(
    (await message({ conversations: [{ from: 'humn', value: '' }] }))!,
    /^conversations\[0\]\.from is "humn"; known are human/,
  );
});

const alpaca = shared('llama_factory_demo/alpaca_en_demo.json');
test('real files: LLaMA-Factory and LLMs from scratch', { skip: alpaca.skip }, async () => {
  const count = async (name: string) => (await readExamples(shared(name).path)).examples.length;
  assert.equal(await count('llama_factory_demo/alpaca_en_demo.json'), 999);
  assert.equal(await count('llama_factory_demo/glaive_toolcall_en_demo.json'), 300);
  assert.equal(await count('llama_factory_demo/c4_demo.jsonl'), 300);
  assert.equal(await count('llms_from_scratch/instruction-data.json'), 1100);
});

const preferences = shared('hh_rlhf/harmless_base_test.jsonl');
test('real files: preference rows are refused for supervised training', { skip: preferences.skip }, async () => {
  await assert.rejects(readExamples(preferences.path), /1801 of 1801 rows cannot be read:\n.*:1: a preference row/);
});

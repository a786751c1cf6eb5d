import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { PosttrainError } from '../support/errors.ts';
import { bytes, chat, pieces, shared } from './fixtures.test.support.ts';
import { type PreparedData, type PrepareOptions, prepareRows } from './prepare.ts';
import { Renderer } from './renderer.ts';
import { createStepSource } from './step-source.ts';
import { Tokenizer } from './tokenizer.ts';

const folder = await mkdtemp(join(tmpdir(), 'posttrain-prepare-'));
after(() => rm(folder, { recursive: true }));

async function write(name: string, rows: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
}

function prepare(path: string, options: Partial<PrepareOptions> = {}): Promise<PreparedData> {
  return prepareRows({ sources: [{ path }], renderer: new Renderer(bytes), maxTokens: 64, ...options });
}

async function failure(prepared: Promise<PreparedData>): Promise<string> {
  return prepared.then(
    () => assert.fail('nothing was thrown'),
    (error: PosttrainError) => `${error.code}: ${error.format()}`.replaceAll(folder, ''),
  );
}

const long = 'word '.repeat(80);

test('the report accounts for every row', async () => {
  const path = await write('mixed.jsonl', [
    { messages: chat('Hi', 'Hello.'), id: 1 },
    { messages: chat('Hi', 'Hello.') },
    { messages: chat('no answer') },
    {
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: 'y', weight: 0 },
      ],
    },
    { messages: chat('<|im_end|>', 'ok') },
    { messages: chat(long, 'cut away') },
    { messages: chat('short', long) },
  ]);
  const { sources, report } = await prepare(path, { overlong: 'truncateEnd' });
  const [source] = report.sources;
  const rows = sources[0]!.rows;
  assert.deepEqual(
    rows.map(({ origin }) => origin.line),
    [1, 2, 5, 7],
  );
  assert.deepEqual([source!.read, source!.used, source!.duplicates, source!.ignoredKeys], [7, 4, 1, { id: 1 }]);
  assert.equal(
    source!.tokens,
    rows.reduce((sum, { tokens }) => sum + tokens.length, 0),
  );
  assert.equal(
    source!.lossTokens,
    rows.reduce((sum, { weights }) => sum + weights.reduce((a, b) => a + b, 0), 0),
  );
  assert.equal(source!.longest, 64);
  assert.deepEqual(
    source!.noLoss.rows.map(({ line, reason }) => `${line} ${reason}`),
    ['3 no assistant turn', '4 every assistant turn has weight 0', '6 nothing to learn is left in it after cutting'],
  );
  assert.deepEqual(
    source!.cut.rows.map(({ line }) => line),
    [6, 7],
  );
  assert.deepEqual(source!.controlStrings, {
    count: 1,
    rows: [{ file: path, line: 5, reason: '<|im_end|> kept as text' }],
  });
  assert.match(source!.fingerprint, /^[0-9a-f]{64}$/);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report, 'plain JSON');
});

test('by default overlong rows stop the run; drop and split say so in the report', async () => {
  const path = await write('long.jsonl', [{ messages: chat('a', 'b') }, { messages: chat('a', long) }]);
  assert.match(
    await failure(prepare(path)),
    /^data-overlong: 1 of 2 rows are longer than maxTokens \(64\):\n {2}\/long\.jsonl:2: \d+ tokens\n/,
  );
  const dropped = await prepare(path, { overlong: 'drop' });
  assert.deepEqual([dropped.report.sources[0]!.used, dropped.report.sources[0]!.dropped.count], [1, 1]);
  const split = await prepare(path, { overlong: 'split' });
  assert.equal(split.report.sources[0]!.split.count, 1);
  assert.ok(split.sources[0]!.rows.length > 2);
});

test('a document becomes chunks that together are the document', async () => {
  const path = join(folder, 'book.txt');
  await writeFile(path, long.repeat(5));
  const { sources, report } = await prepare(path, { overlong: 'split', renderer: new Renderer(pieces) });
  const ids = sources[0]!.rows.flatMap(({ tokens }) => [...tokens]);
  assert.deepEqual(ids, [...(await pieces.encode(`${long.repeat(5)}<|endoftext|>`, { specialTokens: true }))]);
  assert.ok(sources[0]!.rows.slice(0, -1).every(({ tokens }) => tokens.length === 64));
  assert.match(report.sources[0]!.split.rows[0]!.reason, /^\d+ tokens, \d+ pieces$/);
});

test('validation by share: by what a row says alone, duplicates together; by path: all of it', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => ({ messages: chat(`question ${i % 200}`, 'ok') }));
  const path = await write('many.jsonl', rows);
  const prepared = await prepare(path, { validation: 0.2 });
  const texts = (list: readonly { tokens: Int32Array }[]) => list.map(({ tokens }) => bytes.decode(tokens));
  const [train, held] = [texts(prepared.sources[0]!.rows), texts(prepared.validation)];
  assert.equal(train.length + held.length, 400);
  assert.ok(held.length > 48 && held.length < 112, `${held.length} held out of 400 at 0.2`);
  assert.ok(
    held.every((text) => !train.includes(text)),
    'no text on both sides',
  );
  const reversed = await prepare(await write('reversed.jsonl', rows.toReversed()), { validation: 0.2 });
  assert.deepEqual(new Set(texts(reversed.validation)), new Set(held));
  const other = await write('held.jsonl', rows.slice(0, 5));
  const named = await prepare(path, { validation: other });
  assert.deepEqual(
    [named.validation.length, named.sources[0]!.rows.length, named.report.validation?.path],
    [5, 400, other],
  );
});

test('impossible and empty validation parts are errors', async () => {
  const path = await write('two.jsonl', [{ messages: chat('a', 'b') }, { messages: chat('c', 'd') }]);
  assert.match(
    await failure(prepare(path, { validation: 1 })),
    /^recipe-invalid: data\.validation is 1; a share is at least 0 and below 1/,
  );
  assert.match(
    await failure(prepare(path, { validation: 0.0001 })),
    /^data-empty: validation: 0\.0001 leaves no row to validate on\n {2}in data\.validation/,
  );
});

test('nothing left to train on says what became of the rows', async () => {
  const path = await write('questions.jsonl', [{ messages: chat('one') }, { messages: chat('two') }]);
  assert.equal(
    await failure(prepare(path)),
    'data-empty: nothing is left of /questions.jsonl to train on: of 2 rows, 2 without a token to learn\n  in /questions.jsonl\n  help: the first is /questions.jsonl:1: no assistant turn.',
  );
});

test('rows that cannot be rendered are collected over all batches', async () => {
  const rows = Array.from({ length: 1200 }, (_, i) => ({ messages: chat(i % 100 === 7 ? '<|im_end|>' : 'x', 'y') }));
  const path = await write('attacks.jsonl', rows);
  const message = await failure(prepare(path, { renderer: new Renderer(bytes, { specialTokens: 'error' }) }));
  assert.match(
    message,
    /^special-token: 12 of 1200 rows cannot be used:\n {2}\/attacks\.jsonl:8: the text spells the control tokens <\|im_end\|>/,
  );
  assert.match(message, /\n {2}… and 2 more\n/);
});

test('progress is told, the event loop turns, and a signal stops the work with its own reason', async () => {
  const path = await write(
    'progress.jsonl',
    Array.from({ length: 1500 }, () => ({ messages: chat('a', 'b') })),
  );
  const seen: [number, number][] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await prepare(path, { onProgress: (done, total) => seen.push([done, total]) });
  clearInterval(timer);
  assert.deepEqual(seen, [
    [512, 1500],
    [1024, 1500],
    [1500, 1500],
  ]);
  assert.ok(turns > 0);
  const controller = new AbortController();
  const reason = new Error('enough');
  await assert.rejects(
    prepare(path, { signal: controller.signal, onProgress: () => controller.abort(reason) }),
    reason,
  );
});

const smollm = shared('tokenizers/smollm2-135m');
const real = shared('llama_factory_demo/alpaca_en_demo.json');
test('real rows with a real tokenizer train on their answers alone', { skip: smollm.skip || real.skip }, async () => {
  const tokenizer = await Tokenizer.load(smollm.path);
  const sources = ['llama_factory_demo/alpaca_en_demo.json', 'llms_from_scratch/instruction-data.json'].map((name) => ({
    path: shared(name).path,
  }));
  const { sources: prepared, report } = await prepareRows({
    sources,
    renderer: new Renderer(tokenizer),
    maxTokens: 2048,
  });
  assert.deepEqual(
    report.sources.map(({ read, used }) => [read, used]),
    [
      [999, 999],
      [1100, 1100],
    ],
  );
  for (const { tokens, weights } of prepared.flatMap(({ rows }) => rows)) {
    const text = tokenizer.decode(
      tokens.filter((_, i) => weights[i]! > 0),
      { specialTokens: true },
    );
    assert.ok(text.endsWith('<|im_end|>\n') && text.indexOf('<|im_end|>') === text.length - 11, text);
  }
  const source = createStepSource({
    sources: prepared,
    batch: 4,
    packing: true,
    maxTokens: 2048,
    seed: 1,
    shuffle: true,
  });
  assert.equal(source.packs(10).length, 4);
});

const calls = shared('llama_factory_demo/glaive_toolcall_en_demo.json');
test('real rows with tool calls', { skip: smollm.skip || calls.skip }, async () => {
  const qwen = shared('chat_templates/trl/qwen3.jinja');
  const { readFile } = await import('node:fs/promises');
  const template = { source: await readFile(qwen.path, 'utf8'), file: qwen.path };
  const tokenizer = await Tokenizer.load(smollm.path);
  const renderer = new Renderer(tokenizer, { chatTemplate: template });
  const { report } = await prepareRows({ sources: [{ path: calls.path }], renderer, maxTokens: 16_384 });
  assert.equal(report.sources[0]!.read, 300);
  assert.ok(report.sources[0]!.perTurn.count > 0, 'Qwen3 writes an empty thought into the last answer only');
});

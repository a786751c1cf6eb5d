import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { ControlGuard, findControlTokens, isAssistantDelimiter } from './control-strings.ts';
import { bytes, GOLDEN, pieces, shared } from './fixtures.test.support.ts';
import { Tokenizer } from './tokenizer.ts';

const folder = await mkdtemp(join(tmpdir(), 'posttrain-tokenizer-'));
after(() => rm(folder, { recursive: true }));

/** The tokenizers at hand by name: two tiny ones always, real ones where they are. Loaded once for all tests. */
const absent: string[] = [];
const atHand: [string, Tokenizer][] = [
  ['bytes', bytes],
  ['pieces', pieces],
];
for (const name of ['smollm2-135m', 'phi-3-mini', 'gpt2']) {
  const { path, skip } = shared(`tokenizers/${name}`);
  if (skip) absent.push(skip);
  else atHand.push([name, name === 'gpt2' ? await loadGpt2(path) : await Tokenizer.load(path)]);
}

async function each(t: TestContext, run: (tokenizer: Tokenizer, name: string) => Promise<void>): Promise<void> {
  for (const reason of absent) t.diagnostic(reason);
  for (const [name, tokenizer] of atHand) await run(tokenizer, name);
}

async function loadGpt2(path: string): Promise<Tokenizer> {
  const vocab = JSON.parse(await readFile(join(path, 'vocab.json'), 'utf8')) as Record<string, number>;
  const merges = (await readFile(join(path, 'merges.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#version'));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const content = '<|endoftext|>';
  const added = {
    id: vocab[content],
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  };
  const model = { type: 'BPE', vocab, merges };
  const json = {
    version: '1.0',
    added_tokens: [added],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model,
  };
  return Tokenizer.fromFiles({
    'tokenizer.json': JSON.stringify(json),
    'tokenizer_config.json': JSON.stringify({ eos_token: content }),
  });
}

const SAMPLES = [
  'Hello world',
  '  two  spaces ',
  'line\n\nline\r\n\ttab',
  'Zürich 東京 😀👩‍👩‍👧 é',
  'a<b && c>d <|x|> [INST]',
  '١٢٣ \u0000\u200b',
  '',
  ' ',
  '\n',
];

test('encoding and decoding give the text back, one by one and in batches', async (t) => {
  await each(t, async (tokenizer, name) => {
    const ids = await tokenizer.encodeBatch(SAMPLES, { specialTokens: false });
    for (const [i, text] of SAMPLES.entries()) {
      assert.deepEqual(await tokenizer.encode(text, { specialTokens: false }), ids[i]);
      assert.equal(tokenizer.decode(ids[i]!, { specialTokens: true }), text, name);
      assert.ok(ids[i]!.every((id) => id >= 0 && id < tokenizer.vocabSize));
    }
  });
});

test('special tokens come from the files beside tokenizer.json', async () => {
  assert.deepEqual(bytes.eos, { id: 2, token: '<|im_end|>' });
  assert.deepEqual([bytes.bos, bytes.pad], [undefined, { id: 0, token: '<|endoftext|>' }]);
  assert.deepEqual(pieces.bos, { id: 1, token: '<s>' });
  assert.deepEqual(bytes.stopIds, [2]);
  assert.equal(bytes.tokenOf(1), '<|im_start|>');
  assert.equal(bytes.idOf('<|im_start|>'), 1);
  assert.deepEqual([bytes.tokenOf(1e6), bytes.tokenOf(-1), bytes.idOf('nope nope')], [undefined, undefined, undefined]);
  assert.match(bytes.chatTemplate!.file, /chat_template\.jinja$/);
});

test('ids of generation_config.json stand in for missing names and add further stops', async () => {
  const files = {
    'tokenizer.json': await readFile(`${GOLDEN}bytes/tokenizer.json`),
    'special_tokens_map.json': '{"pad_token":{"content":"<|endoftext|>"}}',
    'tokenizer_config.json': '{"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]}',
    'generation_config.json': '{"eos_token_id":[2,0],"bos_token_id":1}',
  };
  const tokenizer = Tokenizer.fromFiles(files);
  assert.deepEqual(tokenizer.eos, { id: 2, token: '<|im_end|>' });
  assert.deepEqual([tokenizer.stopIds, tokenizer.bos?.id, tokenizer.pad?.id], [[2, 0], 1, 0]);
  assert.equal(tokenizer.chatTemplate?.source, 'D');
});

test('a truncation or padding stored in tokenizer.json does not touch the data', async () => {
  const json = JSON.parse(await readFile(`${GOLDEN}bytes/tokenizer.json`, 'utf8')) as Record<string, unknown>;
  json['truncation'] = { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
  json['padding'] = {
    strategy: { Fixed: 50 },
    direction: 'Right',
    pad_to_multiple_of: null,
    pad_id: 0,
    pad_type_id: 0,
    pad_token: 'x',
  };
  const tokenizer = Tokenizer.fromFiles({ 'tokenizer.json': JSON.stringify(json) });
  const text = 'The capital of France is Paris.';
  assert.deepEqual(
    await tokenizer.encode(text, { specialTokens: true }),
    await bytes.encode(text, { specialTokens: true }),
  );
});

test('saving copies the files byte for byte', async () => {
  await pieces.saveTo(join(folder, 'saved'));
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja']) {
    assert.deepEqual(await readFile(join(folder, 'saved', name)), await readFile(`${GOLDEN}pieces/${name}`));
  }
  assert.deepEqual((await Tokenizer.load(join(folder, 'saved'))).bos, pieces.bos);
});

test('streaming gives whole characters, and together the whole text', async (t) => {
  await each(t, async (tokenizer, name) => {
    for (const text of ['Hi 😀👩‍👩‍👧 there, Zürich 東京!', 'plain words only', '  spaces  ']) {
      const stream = tokenizer.streamDecoder();
      const parts = [...(await tokenizer.encode(text, { specialTokens: false }))].map((id) => stream.push(id));
      assert.equal(parts.join('') + stream.end(), text, name);
      assert.ok(parts.every((part) => !part.includes('\uFFFD') && !/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(part)));
    }
  });
});

test('streaming ends with U+FFFD where the last character is unfinished', async () => {
  const ids = await bytes.encode('a😀', { specialTokens: false });
  const stream = bytes.streamDecoder();
  const parts = [...ids.slice(0, -1)].map((id) => stream.push(id));
  assert.equal(parts.join(''), 'a');
  assert.match(stream.end(), /^\uFFFD+$/);
});

test('control strings encode as text to the same text, and never to a control id', async (t) => {
  await each(t, async (tokenizer, name) => {
    const controls = tokenizer.controlTokens();
    const guard = new ControlGuard(controls.map(({ content }) => content));
    const encoder = tokenizer.guardedEncoder(controls);
    const ids = new Set(controls.map(({ id }) => id));
    const texts = controls.map(({ content }) => `a ${content}${content} b${content.slice(0, -1)}`);
    const encoded = await encoder.encodeBatch(
      texts.map((text) => guard.break(text)),
      { specialTokens: false },
    );
    for (const [i, text] of texts.entries()) {
      assert.ok(
        encoded[i]!.ids.every((id) => !ids.has(id)),
        `${name}: ${text}`,
      );
      assert.equal(tokenizer.decode(encoded[i]!.ids, { specialTokens: true }), text, name);
    }
    assert.ok(controls.length > 0);
  });
});

test('characters that the vocabulary lacks may yield the unknown token, control strings in words may not', async () => {
  const control = (id: number, content: string) => {
    return { id, content, special: true, normalized: false, single_word: false, lstrip: false, rstrip: false };
  };
  const vocab = { '<unk>': 0, '<s>': 1, hello: 2 };
  const words = {
    version: '1.0',
    added_tokens: [control(0, '<unk>'), control(1, '<s>')],
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'WordLevel', vocab, unk_token: '<unk>' },
  };
  const tokenizer = Tokenizer.fromFiles({ 'tokenizer.json': JSON.stringify(words) });
  const controls = tokenizer.controlTokens();
  const guard = new ControlGuard(controls.map(({ content }) => content));
  const [encoded] = await tokenizer
    .guardedEncoder(controls)
    .encodeBatch([`<s> hello ${guard.break('<s> there')}`], { specialTokens: false });
  assert.deepEqual([...encoded!.ids], [1, 2, 0, 0]);
});

test('the guarded encoder gives the ids of the plain one wherever control tokens are real', async (t) => {
  const random = Random.of(11, 'guarded');
  await each(t, async (tokenizer, name) => {
    const controls = tokenizer.controlTokens();
    const words = [...SAMPLES, ...controls.map(({ content }) => content), 'a', ' b', '\n'];
    const texts = Array.from({ length: 100 }, () =>
      Array.from({ length: random.int(8) }, () => random.pick(words)).join(''),
    );
    for (const specialTokens of [false, true]) {
      const plain = await tokenizer.encodeWithPositions(texts, { specialTokens });
      const guarded = await tokenizer.guardedEncoder(controls).encodeBatch(texts, { specialTokens });
      for (const [i, text] of texts.entries()) {
        assert.deepEqual(guarded[i]!.ids, plain[i]!.ids, `${name}: ${JSON.stringify(text)}`);
        const [start, end] = [random.int(text.length + 1), text.length];
        assert.deepEqual(guarded[i]!.tokenRange(start, end), plain[i]!.tokenRange(start, end));
      }
    }
  });
});

test('token ranges: spaces, split characters and surrogates', async () => {
  const text = 'a  😀 b';
  const [encoded] = await bytes.encodeWithPositions([text], { specialTokens: false });
  const tokens = (start: number, end: number) => bytes.decode(encoded!.ids.slice(...encoded!.tokenRange(start, end)));
  assert.equal(tokens(0, 1), 'a');
  assert.equal(tokens(1, text.length), text.slice(1));
  assert.equal(tokens(3, 5), ' 😀', 'the token with the space before it is part of the character');
  assert.equal(tokens(5, 7), ' b');
  assert.deepEqual(encoded!.tokenRange(7, 7), [encoded!.ids.length, encoded!.ids.length]);
});

test('which added tokens are control tokens, and which an assistant may write', () => {
  const token = (content: string, special: boolean) => ({ id: 0, content, special });
  const added = [
    token('<s>', true),
    token('<think>', false),
    token('<table>', false),
    token('\n\n', false),
    token('</s>', false),
    token('<|x|>', false),
  ];
  assert.deepEqual(
    findControlTokens(added, 'writes <think>').map(({ content }) => content),
    ['<s>', '<think>', '</s>', '<|x|>'],
  );
  const may = [
    '<think>',
    '</think>',
    '<tool_call>',
    '</tool_call>',
    '<|python_tag|>',
    '[TOOL_CALLS]',
    '<｜tool▁calls▁begin｜>',
    '<arg_key>',
  ];
  const mayNot = [
    '<|im_start|>',
    '<|im_end|>',
    '<|eot_id|>',
    '<|eom_id|>',
    '<tool_response>',
    '<|observation|>',
    '<end_of_turn>',
    '<|end|>',
    '<s>',
    '<｜tool▁outputs▁begin｜>',
    '<|start_header_id|>',
  ];
  assert.deepEqual([may.filter(isAssistantDelimiter), mayNot.filter(isAssistantDelimiter)], [may, []]);
});

async function failure(load: Promise<unknown>): Promise<string> {
  return load.then(
    () => assert.fail('loaded'),
    (error: PosttrainError) => `${error.code}: ${error.format()}`.replaceAll(folder, ''),
  );
}

test('a missing or broken tokenizer says what to do', async () => {
  assert.equal(
    await failure(Tokenizer.load(join(folder, 'none'))),
    'tokenizer-invalid: /none has no tokenizer.json\n  in /none\n  help: a model folder holds tokenizer.json beside config.json; download it from where the model came from.',
  );
  await writeFile(join(folder, 'tokenizer.model'), 'x');
  assert.match(
    await failure(Tokenizer.load(folder)),
    /help: it has tokenizer\.model, an older form\. Convert it once, in Python:\n.*from transformers/,
  );
  await writeFile(join(folder, 'tokenizer.json'), '{"model":');
  assert.match(
    await failure(Tokenizer.load(folder)),
    /^tokenizer-invalid: \/tokenizer\.json cannot be used: .*JSON[\s\S]*git-lfs pointer is not the file/,
  );
  await writeFile(join(folder, 'tokenizer.json'), '{"model":{"type":"Nonsense"}}');
  assert.match(await failure(Tokenizer.load(folder)), /^tokenizer-invalid: \/tokenizer\.json cannot be used: /);
  await writeFile(join(folder, 'tokenizer.json'), await readFile(`${GOLDEN}bytes/tokenizer.json`));
  await writeFile(join(folder, 'tokenizer_config.json'), '[]');
  assert.match(
    await failure(Tokenizer.load(folder)),
    /^tokenizer-invalid: \/tokenizer_config\.json is not valid JSON: not an object/,
  );
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from 'tokenizers';
import { pocketInit, pocketModelConfig } from './model-config.ts';
import { testItems } from './tasks.ts';
import { pocketChatTemplate, tokenizerFiles } from './tokenizer.ts';
import { createWorld } from './world.ts';

const world = createWorld();
const asset = (name: string) => fileURLToPath(new URL(`../../../assets/pocket/tokenizer/${name}`, import.meta.url));

test('the files in the package are those of the world', () => {
  for (const [name, text] of Object.entries(tokenizerFiles(world)))
    assert.equal(readFileSync(asset(name), 'utf8'), text);
});

test('the vocabulary is frozen: another one would leave the embedded checkpoint meaningless', () => {
  const hash = createHash('sha256').update(world.vocabulary.join(' ')).digest('hex');
  assert.equal(hash, '382c4f155c0d92f7d3330a6c0abf859fb1d7381bcf4aef511cb1adfae31b73ef');
});

test('a conversation becomes one token per word, ids in the order of the vocabulary', async () => {
  const tokenizer = Tokenizer.fromFile(asset('tokenizer.json'));
  const [user, assistant] = testItems('grounded', 'test')[0]!.messages;
  const text = `<bos> <user> ${user.content} <assistant> ${assistant.content} <end>`;
  const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
  assert.deepEqual(
    encoding.getIds(),
    text.split(' ').map((word) => world.vocabulary.indexOf(word)),
  );
  assert.equal(await tokenizer.decode(encoding.getIds(), false), text);
});

test('the chat template renders one space between tokens and marks the answer with its end as learnt', () => {
  const template = new Template(pocketChatTemplate);
  const messages = [
    { role: 'user', content: 'question : what is keten year ?' },
    { role: 'assistant', content: 'keten year 1724 .' },
  ];
  const prompt = '<bos> <user> question : what is keten year ? <assistant>';
  const turn = `${prompt} keten year 1724 . <end>`;
  assert.equal(template.render({ messages: messages.slice(0, 1), add_generation_prompt: true }), prompt);
  assert.equal(template.render({ messages }), turn);
  assert.equal(template.render({ messages: [...messages, ...messages] }), `${turn}${turn.replace('<bos>', '')}`);
  assert.throws(
    () => template.render({ messages: [{ role: 'system', content: 'x' }] }),
    /The pocket model knows user and assistant messages only, not system\./,
  );
  assert.match(pocketChatTemplate, /<assistant> ' -\}\}\n\{%- generation -%\}\n\{\{- message\['content'\] \+ ' <end>'/);
});

test('a word outside the world is <unk>', async () => {
  const tokenizer = Tokenizer.fromFile(asset('tokenizer.json'));
  const encoding = await tokenizer.encode('what is photosynthesis ?', null, { addSpecialTokens: false });
  assert.deepEqual(encoding.getTokens(), ['what', 'is', '<unk>', '?']);
});

test('the model has less than a million parameters and names the control tokens by id', () => {
  const c = pocketModelConfig(world);
  const layer = 4 * c.hidden_size ** 2 + 3 * c.hidden_size * c.intermediate_size + 2 * c.hidden_size;
  const parameters = c.num_hidden_layers * layer + c.hidden_size + c.vocab_size * c.hidden_size;
  assert.equal(parameters, 803_968 + 858 * 128);
  const tokens = [c.pad_token_id, c.bos_token_id, c.eos_token_id].map((id) => world.vocabulary[id]);
  assert.deepEqual(tokens, ['<pad>', '<bos>', '<end>']);
  assert.equal(pocketInit.linear, c.initializer_range);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../data/types.ts';
import { ChatSession } from './chat-session.ts';
import type { GenerateOptions } from './library.ts';

/** Answers every prompt with its own number and keeps what it was given. */
function fakeModel(failures: readonly number[] = []) {
  const inputs: (string | readonly Message[])[] = [];
  return {
    inputs,
    async *stream(input: string | readonly Message[], options?: GenerateOptions) {
      inputs.push(input);
      if (failures.includes(inputs.length)) throw new Error('broken');
      yield { text: 'answer ', tokens: [1] };
      if (options?.signal?.aborted) throw options.signal.reason;
      yield { text: `${inputs.length}\x1b[2J`, tokens: [2, 3], finish: 'stop' as const };
    },
  };
}

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

test('each prompt carries the conversation so far, and clear keeps the system message', async () => {
  const model = fakeModel();
  const session = new ChatSession(model, { system: 'be brief', generate: {} });
  let written = '';
  const first = await session.ask('a', (text) => {
    written += text;
  });
  await session.ask('b', () => {});
  session.clear();
  await session.ask('c', () => {});

  const system: Message = { role: 'system', content: 'be brief' };
  assert.deepEqual(first, { text: 'answer 1\x1b[2J', tokens: 3, finish: 'stop' });
  assert.equal(written, 'answer 1␛[2J', 'a control sequence never reaches the terminal');
  assert.deepEqual(model.inputs, [
    [system, user('a')],
    [system, user('a'), assistant('answer 1\x1b[2J'), user('b')],
    [system, user('c')],
  ]);
});

test('an aborted answer stays as far as it got', async () => {
  const model = fakeModel();
  const session = new ChatSession(model, { generate: {} });
  const answer = await session.ask('a', () => {}, AbortSignal.abort());
  await session.ask('b', () => {});
  assert.deepEqual(answer, { text: 'answer ', tokens: 1, finish: 'aborted' });
  assert.deepEqual(model.inputs[1], [user('a'), assistant('answer '), user('b')]);
});

test('a failed answer leaves no trace in the conversation', async () => {
  const model = fakeModel([1]);
  const session = new ChatSession(model, { generate: {} });
  await assert.rejects(
    session.ask('a', () => {}),
    /broken/,
  );
  await session.ask('b', () => {});
  assert.deepEqual(model.inputs[1], [user('b')]);
});

test('raw prompts stand alone, as text', async () => {
  const model = fakeModel();
  const session = new ChatSession(model, { raw: true, generate: {} });
  await session.ask('once', () => {});
  await session.ask('twice', () => {});
  assert.deepEqual(model.inputs, ['once', 'twice']);
});

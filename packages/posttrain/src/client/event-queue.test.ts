import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from './event-queue.ts';

type Event = { readonly type: 'step' | 'checkpoint'; readonly n: number };
const step = (n: number): Event => ({ type: 'step', n });
const checkpoint = (n: number): Event => ({ type: 'checkpoint', n });

async function readAll(queue: EventQueue<Event>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { n } of queue) seen.push(n);
  return seen;
}

test('a reader that is too slow loses the oldest step events, counted, and nothing else', async () => {
  const queue = new EventQueue<Event>(3);
  for (const event of [checkpoint(0), step(1), step(2), checkpoint(3), step(4), step(5)]) queue.push(event);
  queue.end();
  assert.deepEqual(await readAll(queue), [0, 3, 5]);
  assert.equal(queue.dropped, 3);
});

test('events that are no steps are kept beyond the limit', async () => {
  const queue = new EventQueue<Event>(2);
  for (let n = 0; n < 5; n++) queue.push(checkpoint(n));
  queue.end();
  assert.deepEqual(await readAll(queue), [0, 1, 2, 3, 4]);
  assert.equal(queue.dropped, 0);
});

test('a reader that keeps up loses nothing, however small the limit', async () => {
  const queue = new EventQueue<Event>(1);
  const seen = readAll(queue);
  for (let n = 0; n < 10; n++) {
    queue.push(step(n));
    await new Promise(setImmediate);
  }
  queue.end();
  assert.deepEqual(await seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(queue.dropped, 0);
});

test('a reader that left gets what came since when it returns', async () => {
  const queue = new EventQueue<Event>();
  queue.push(step(1));
  queue.push(step(2));
  for await (const event of queue) if (event.n === 1) break;
  queue.push(step(3));
  queue.end();
  assert.deepEqual(await readAll(queue), [2, 3]);
});

test('an error comes after the events before it', async () => {
  const queue = new EventQueue<Event>();
  queue.push(step(1));
  queue.end(new Error('the end'));
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { n } of queue) seen.push(n);
  }, /the end/);
  assert.deepEqual(seen, [1]);
});

test('two readers share the events, and both come to an end', async () => {
  const queue = new EventQueue<Event>();
  const readers = [readAll(queue), readAll(queue)];
  await new Promise(setImmediate);
  for (let n = 0; n < 4; n++) queue.push(step(n));
  queue.end();
  const seen = await Promise.all(readers);
  assert.deepEqual(seen.flat().sort(), [0, 1, 2, 3]);
});

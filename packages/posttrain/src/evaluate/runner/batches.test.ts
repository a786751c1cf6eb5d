import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskRequest } from '../request.ts';
import { planBatches } from './batches.ts';
import type { PlannedItem } from './plan.ts';

const items = (requests: readonly TaskRequest[]): PlannedItem[] =>
  requests.map((request, docId) => ({
    docId,
    doc: null,
    request,
    seed: docId,
    cluster: `#${docId}`,
    stratum: null,
    units: [{ key: JSON.stringify(request), request, seed: docId }],
  }));
const choice = (context: string, ...continuations: string[]): TaskRequest => ({
  kind: 'loglikelihood',
  context,
  continuations,
});
const contexts = (requests: readonly TaskRequest[], limits: { characters: number; requests: number }) =>
  planBatches(items(requests), limits).map((batch) =>
    batch.map(({ request }) => (request.kind === 'loglikelihood' ? request.context : request.kind)),
  );

test('contexts that begin alike go together, and their common beginning counts once', () => {
  const shots = 'x'.repeat(50);
  const requests = [
    choice(`${shots}b`, '12'),
    choice('other', '1'),
    choice(`${shots}a`, '12'),
    choice(`${shots}ab`, '12'),
  ];
  // 'other' and its continuation are 6 characters; then 53, 3 and 3.
  assert.deepEqual(contexts(requests, { characters: 59, requests: 9 }), [
    ['other', `${shots}a`],
    [`${shots}ab`, `${shots}b`],
  ]);
  assert.deepEqual(contexts(requests, { characters: 65, requests: 9 }), [
    ['other', `${shots}a`, `${shots}ab`, `${shots}b`],
  ]);
  assert.deepEqual(
    contexts(requests, { characters: 65, requests: 3 }).map(({ length }) => length),
    [3, 1],
  );
});

test('a request larger than a batch is one by itself', () => {
  assert.deepEqual(contexts([choice('a', 'x'.repeat(99)), choice('b', '1')], { characters: 10, requests: 9 }), [
    ['a'],
    ['b'],
  ]);
});

test('texts and prompts go longest first, each kind and setting by itself, whatever order the items have', () => {
  const requests: TaskRequest[] = [
    { kind: 'rolling', text: 'ab' },
    { kind: 'generate', prompt: 'a', maxTokens: 1 },
    { kind: 'rolling', text: 'abc' },
    { kind: 'generate', prompt: 'abc', maxTokens: 1 },
    { kind: 'generate', prompt: 'ab', maxTokens: 2 },
    { kind: 'rolling', text: 'aa' },
    { kind: 'rolling', text: 'aa' },
  ];
  const planned = (given: readonly TaskRequest[]) =>
    planBatches(items(given)).map((batch) => batch.map(({ request }) => request));
  assert.deepEqual(planned(requests), [
    [requests[2], requests[5], requests[0]],
    [requests[3], requests[1]],
    [requests[4]],
  ]);
  assert.deepEqual(planned([...requests].reverse()), planned(requests));
});

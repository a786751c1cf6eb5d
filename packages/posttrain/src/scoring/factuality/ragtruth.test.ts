import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { locateSpans, ragTruthScore } from './ragtruth.ts';

const items = [
  { gold: [{ start: 0, end: 10 }], predicted: [{ start: 5, end: 25 }], quality: 'good' }, // 5 shared of 10 and 20
  { gold: [{ start: 2, end: 6, implicitTrue: true }], predicted: [], quality: 'good' }, // missed, 4
  { gold: [], predicted: [{ start: 0, end: 4 }], quality: 'truncated' }, // wrong, 4
  { gold: [], predicted: [] },
  { gold: [{ start: 0, end: 6, dueToNull: true }], predicted: [{ start: 0, end: 6 }] }, // 6 shared
];

test('responses and characters, by hand', () => {
  const { response, span } = ragTruthScore(items);
  // 2 hits of 3 marked and 3 that hold one
  assert.deepEqual(response, { precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
  // 11 characters of 30 marked and 20 hallucinated
  assert.ok(agrees(span.precision, 11 / 30, 12) && agrees(span.recall, 11 / 20, 12) && agrees(span.f1, 22 / 50, 12));
});

test('kinds of span and qualities of response apart', () => {
  const { recallOf, byQuality } = ragTruthScore(items);
  assert.deepEqual(recallOf, { implicitTrue: 0, dueToNull: 1, other: 0.5 });
  assert.deepEqual(byQuality, {
    good: { precision: 1, recall: 0.5, f1: 2 / 3 },
    truncated: { precision: 0, recall: null, f1: 0 },
    unknown: { precision: 1, recall: 1, f1: 1 },
  });
});

test('marking everything has full recall and shows in precision', () => {
  const all = ragTruthScore(items.map((item) => ({ ...item, predicted: [{ start: 0, end: 100 }] })));
  assert.deepEqual([all.response.recall, all.response.precision], [1, 0.6]);
  assert.deepEqual([all.span.recall, all.span.precision], [1, 20 / 500]);
  const none = ragTruthScore(items.map((item) => ({ ...item, predicted: [] })));
  assert.deepEqual(none.response, { precision: null, recall: 0, f1: 0 });
  assert.deepEqual(ragTruthScore([]).span, { precision: null, recall: null, f1: null });
});

test('overlapping spans count their characters once', () => {
  const spans = [
    { start: 0, end: 4 },
    { start: 2, end: 6 },
  ];
  assert.equal(ragTruthScore([{ gold: [{ start: 0, end: 6 }], predicted: spans }]).span.precision, 1);
  assert.throws(() => ragTruthScore([{ gold: [{ start: 4, end: 2 }], predicted: [] }]), {
    code: 'data-invalid',
    message: 'a span runs from 4 to 2.',
    help: 'both count characters from 0, and the end lies behind the last one',
  });
});

test('quoted pieces find their place', () => {
  const found = locateSpans('Gaza Strip, occupied by Israel', ['Strip', 'Egypt', '']);
  assert.deepEqual(found, { spans: [{ start: 5, end: 10 }], missing: ['Egypt', ''] });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, segmentsRow, weigh } from './segments.ts';

test('neighbours of equal weight become one segment, and spaces lead every segment but the first', () => {
  assert.deepEqual(segmentsRow([...context('<bos> a'), ...context('|'), ...weigh('b c', 1), ['.', 0.1]]), {
    segments: [
      { text: '<bos> a |', weight: 0 },
      { text: ' b c', weight: 1 },
      { text: ' .', weight: 0.1 },
    ],
  });
});

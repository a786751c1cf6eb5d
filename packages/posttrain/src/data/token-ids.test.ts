import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitRow } from './overlong.ts';
import { parseRow } from './row-shapes.ts';
import { parseTokenIds, tokenIdRow } from './token-ids.ts';

const origin = { file: 'rows.jsonl', line: 1 };

test('labels say what is learned; the first token of each document never is', () => {
  const row = tokenIdRow(
    parseTokenIds({ input_ids: [7, 8, 9, 4, 5], labels: [7, 8, -100, 4, 5], seq_lengths: [3, 2] }),
    10,
  );
  assert.deepEqual([...row.tokens], [7, 8, 9, 4, 5]);
  assert.deepEqual([...row.weights], [0, 1, 0, 0, 1]);
  assert.deepEqual(row.documents, [3, 2]);
});

test('without labels every token but the first is learned', () => {
  assert.deepEqual([...tokenIdRow(parseTokenIds({ input_ids: [1, 2, 3] }), 10).weights], [0, 1, 1]);
});

test('a cut row keeps what is left of its documents', () => {
  const row = { ...tokenIdRow(parseTokenIds({ input_ids: [1, 2, 3, 4, 5, 6], seq_lengths: [2, 3, 1] }), 10), origin };
  const [end] = fitRow(row, 4, 'truncateEnd').rows;
  assert.deepEqual(
    [[...end!.tokens], [...end!.weights], end!.documents],
    [
      [1, 2, 3, 4],
      [0, 1, 0, 1],
      [2, 2],
    ],
  );
  const [start] = fitRow(row, 3, 'truncateStart').rows;
  assert.deepEqual(
    [[...start!.tokens], [...start!.weights], start!.documents],
    [
      [4, 5, 6],
      [0, 1, 0],
      [2, 1],
    ],
  );
});

test('what contradicts itself is refused in its place', () => {
  const refused = (row: object, message: string) => assert.throws(() => parseRow(row, origin), { message });
  refused({ input_ids: [] }, '"input_ids" is empty');
  refused({ input_ids: [1, 2.5] }, 'input_ids[1] is 2.5, not an integer');
  refused({ input_ids: [1, 2], labels: [1] }, '"labels" has 1 entries, "input_ids" has 2');
  refused({ input_ids: [1, 2], labels: [2, -100] }, 'labels[0] is 2, and input_ids[0] is 1');
  refused({ input_ids: [1, 2], seq_lengths: [1, 2] }, '"seq_lengths" sums to 3, and "input_ids" has 2 entries');
  assert.throws(() => tokenIdRow(parseTokenIds({ input_ids: [1, 12] }), 10), {
    message: 'input_ids[1] is 12; the tokenizer has ids from 0 to 9',
  });
});

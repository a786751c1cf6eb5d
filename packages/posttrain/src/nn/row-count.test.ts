import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundRows } from './row-count.ts';

test('numbers of rows fall on few values, at most 3 % above what was asked', () => {
  assert.deepEqual(
    [1, 31, 63, 64, 65, 1999, 2005, 2017, 2048, 2049].map(roundRows),
    [1, 31, 63, 64, 66, 2016, 2016, 2048, 2048, 2112],
  );
  const values = new Set<number>();
  for (let rows = 1; rows <= 4096; rows++) {
    const rounded = roundRows(rows);
    assert.ok(rounded >= rows && rounded <= rows * (1 + 1 / 32), `${rows} became ${rounded}`);
    if (rows > 2048) values.add(rounded);
  }
  assert.equal(values.size, 32);
});

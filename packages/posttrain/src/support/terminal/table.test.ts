import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from './colours.ts';
import { type Column, table } from './table.ts';

interface Row {
  readonly name: string;
  readonly n: number;
  readonly note?: string;
}

const name: Column<Row> = { title: 'name', value: (row) => row.name };
const count: Column<Row> = { title: 'n', value: (row) => String(row.n), align: 'right' };

test('columns are as wide as their widest cell', () => {
  const rows: Row[] = [
    { name: '日本', n: 5 },
    { name: 'a', n: 120 },
  ];
  assert.equal(table(rows, [name, count]), ['name    n', '日本    5', 'a     120'].join('\n'));
});

test('the flexible column gives way to the width', () => {
  const rows: Row[] = [{ name: 'pip', n: 1, note: 'install python3-pip and try it again' }];
  const note = { title: 'what to do', value: (row: Row) => row.note ?? '', flexible: 'wrap' as const };
  // The heading "name" and the gap take 6 of 25 columns, so the note has 19.
  assert.equal(
    table(rows, [name, note], { width: 25 }),
    ['name  what to do', 'pip   install python3-pip', '      and try it again'].join('\n'),
  );
  assert.equal(
    table(rows, [name, { ...note, flexible: 'cut' }], { width: 25 }),
    ['name  what to do', 'pip   install python3-pi…'].join('\n'),
  );
});

test('colour goes around the text, not the padding', () => {
  const colours = palette(true);
  const painted: Column<Row> = { ...name, paint: (row) => (row.n > 0 ? colours.green : colours.red) };
  assert.equal(
    table(
      [
        { name: 'a', n: 1 },
        { name: 'b', n: 0 },
      ],
      [painted, count],
    ),
    ['name  n', '\x1b[32ma\x1b[39m     1', '\x1b[31mb\x1b[39m     0'].join('\n'),
  );
});

test('no rows leave the heading', () => {
  assert.equal(table([], [name, count]), 'name  n');
});

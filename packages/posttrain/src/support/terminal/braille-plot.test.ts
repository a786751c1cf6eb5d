import assert from 'node:assert/strict';
import { test } from 'node:test';
import { braillePlot } from './braille-plot.ts';

test('a rising line is the diagonal of the dots', () => {
  // Four cells across and two down are 8 × 8 dots; x = 1, 2, 3, 4 stand at columns 0, 2, 5, 7 and the values at rows
  // 7, 5, 2, 0. Each cell on the diagonal holds its lower left and upper right dots: ⡠ (0x60) and ⠊ (0x0a).
  assert.equal(
    braillePlot([1, 2, 3, 4], { width: 11, height: 2 }),
    ['4.000 ┤  ⡠⠊', '1.000 ┤⡠⠊', '      └────', '       1  4'].join('\n'),
  );
});

test('a constant lies in the middle, with the label of each line it has', () => {
  // Three cells down are 12 rows of dots; equal values stand at row 11 − round(11 / 2) = 5, the second of four dots of
  // the middle cell: bits 0x02 and 0x10, ⠒. Eight columns of dots join into four full cells.
  assert.equal(
    braillePlot([2, 2], { width: 11, height: 3, xLabel: 'step' }),
    ['2.000 ┤', '2.000 ┤⠒⠒⠒⠒', '2.000 ┤', '      └────', '       1  2'].join('\n'),
  );
});

test('points that share a column of dots are drawn as their mean', () => {
  // 801 points on 8 columns alternate between 0 and 2 after a first 0 and before a last 2: no column reaches either end.
  const noisy = Array.from({ length: 801 }, (_, i) => (i % 2) * 2);
  const top = braillePlot(noisy, { width: 11, height: 4 }).split('\n')[0]!;
  assert.equal(top, '2.000 ┤');
});

test('values that are not finite leave no trace, and nothing finite gives no picture', () => {
  assert.equal(
    braillePlot([1, Number.NaN, 3], { width: 11, height: 2 }),
    braillePlot(
      [
        {
          name: 'loss',
          points: [
            [1, 1],
            [3, 3],
          ],
        },
      ],
      { width: 11, height: 2 },
    ),
  );
  assert.equal(braillePlot([Number.NaN], { width: 20, height: 4 }), '');
  assert.equal(braillePlot([], { width: 20, height: 4 }), '');
});

test('marks of a second series stand on the first, with a legend', () => {
  const picture = braillePlot(
    [
      { name: 'evaluation', mark: '○', points: [[4, 4]] },
      {
        name: 'training',
        points: [
          [1, 1],
          [4, 4],
        ],
      },
    ],
    { width: 11, height: 2 },
  );
  assert.equal(
    picture,
    ['4.000 ┤  ⡠○', '1.000 ┤⡠⠊', '      └────', '       1  4', '○ evaluation   ⠤⠤ training'].join('\n'),
  );
});

test('the x axis says what it counts where there is room', () => {
  const axis = braillePlot([1, 2], { width: 27, height: 2, xLabel: 'step' }).split('\n').at(-1);
  // 20 columns less the two digits leave 18; the label's four stand in their middle.
  assert.equal(axis, `       1${' '.repeat(7)}step${' '.repeat(7)}2`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';

const cases = <T>(format: (value: T) => string, pairs: readonly (readonly [T, string])[]) => {
  for (const [value, expected] of pairs) assert.equal(format(value), expected, `of ${value}`);
};

test('durations change units where the rounded value does', () => {
  cases(formatDuration, [
    [0, '0.00 s'],
    [0.994, '0.99 s'],
    [0.996, '1.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [3599, '59 min 59 s'],
    [3600, '1 h 00 min'],
    [7440, '2 h 04 min'],
    [86400 * 3 + 3600 * 4, '3 d 04 h'],
    [-5, '-5.0 s'],
  ]);
});

test('bytes are binary and keep three digits', () => {
  cases(formatBytes, [
    [0, '0 B'],
    [512, '512 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [1023 * 1024, '1.00 MiB'],
    [121 * 1024 ** 2, '121 MiB'],
    [3.21 * 1024 ** 3, '3.21 GiB'],
  ]);
});

test('counts are whole below ten thousand', () => {
  cases(formatCount, [
    [0, '0'],
    [9999, '9,999'],
    [10_000, '10.0k'],
    [12_345, '12.3k'],
    [999_600, '1.00M'],
    [1_240_000, '1.24M'],
  ]);
});

test('numbers keep four digits and small ones their exponent', () => {
  cases(formatNumber, [
    [0, '0'],
    [1.23456, '1.235'],
    [12.3456, '12.35'],
    [123.456, '123.5'],
    [0.0123456, '0.01235'],
    [0.00002, '2e-5'],
    [0.000123, '1.23e-4'],
    [1_500_000, '1.5e6'],
    [-3.5, '-3.500'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ]);
});

test('what is not known is a dash, never a zero', () => {
  for (const format of [formatBytes, formatCount, formatDuration, formatNumber, formatPercent]) {
    assert.equal(format(null), '–');
    assert.equal(format(undefined), '–');
  }
  assert.equal(formatDuration(Number.NaN), '–');
  assert.equal(formatPercent(0.9751), '97.5 %');
});

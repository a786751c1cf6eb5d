import assert from 'node:assert/strict';

/** Equal to so many decimals. */
export function near(actual: number | null | undefined, expected: number, decimals = 6): void {
  assert.ok(
    typeof actual === 'number' && Math.abs(actual - expected) < 0.5 * 10 ** -decimals,
    `${actual} is not ${expected}`,
  );
}

/** Equal to so many significant digits. */
export function nearRelative(actual: number, expected: number, digits = 10): void {
  assert.ok(Math.abs(actual / expected - 1) < 0.5 * 10 ** -digits, `${actual} is not ${expected}`);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, fit, oneLine, pad, printable, wrap } from './width.ts';

test('wide characters take two columns, combining marks and colours none', () => {
  assert.equal(displayWidth('abc'), 3);
  assert.equal(displayWidth('日本'), 4);
  assert.equal(displayWidth('हि'), 1);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('👩‍👩‍👧'), 2);
  assert.equal(displayWidth('🇳🇵'), 2);
  assert.equal(displayWidth('©'), 1);
  assert.equal(displayWidth('\x1b[31mred\x1b[39m'), 3);
});

test('text is cut at a column, never inside a character', () => {
  assert.equal(fit('abcdef', 6), 'abcdef');
  assert.equal(fit('abcdef', 5), 'abcd…');
  assert.equal(fit('日本語', 4), '日…'); // 日本 and the ellipsis would take five
  assert.equal(fit('abc', 0), '');
});

test('padding counts columns', () => {
  assert.equal(pad('日', 4), '日  ');
  assert.equal(pad('7', 3, 'right'), '  7');
});

test('lines break at spaces, and a word longer than the line where it must', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefgh ij', 3), ['abc', 'def', 'gh', 'ij']);
  assert.deepEqual(wrap('a\nb', 10), ['a', 'b']);
});

test('no text can steer the terminal', () => {
  assert.equal(printable('a\x1b[2Jb\rc\u009bd\x7f'), 'a␛[2Jb␍c�d␡');
  assert.equal(printable('two\nlines\tand a tab'), 'two\nlines\tand a tab');
  assert.equal(oneLine('two\n  lines\tx'), 'two ⏎ lines x');
});

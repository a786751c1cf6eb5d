import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StopStrings } from './stop-strings.ts';

function feed(stops: string[], pieces: string[]): { shown: string[]; stopped: boolean } {
  const watch = new StopStrings(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = watch.push(piece);
    shown.push(text);
    if (stopped) return { shown, stopped };
  }
  shown.push(watch.end());
  return { shown, stopped: false };
}

test('a stop string in one piece ends the text before it', () => {
  assert.deepEqual(feed(['\n\n'], ['one\n', 'two\n\nthree']), { shown: ['one', '\ntwo'], stopped: true });
});

test('the beginning of a stop string is held back until it is known', () => {
  assert.deepEqual(feed(['STOP'], ['aS', 'T', 'x']), { shown: ['a', '', 'STx', ''], stopped: false });
  assert.deepEqual(feed(['STOP'], ['aS', 'TO', 'Pb']), { shown: ['a', '', ''], stopped: true });
});

test('of several the first in the text counts', () => {
  assert.deepEqual(feed(['yy', 'x'], ['abxcyy']), { shown: ['ab'], stopped: true });
});

test('a repeated beginning is followed to its end', () => {
  assert.deepEqual(feed(['aab'], ['aa', 'a', 'b!']), { shown: ['', 'a', ''], stopped: true });
});

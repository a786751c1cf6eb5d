import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette, wantsColour } from './colours.ts';
import { formatProgress, progressBar, StatusLine } from './status-line.ts';

const progress = {
  label: 'sft',
  step: 50,
  steps: 200,
  loss: 1.5,
  tokensPerSecond: 12_345,
  secondsLeft: 95,
  memoryBytes: 512 * 1024 ** 2,
};

test('everything is shown where there is room', () => {
  // A quarter of a bar of 24 is six.
  assert.equal(
    formatProgress(progress, 100),
    `sft  50/200 ${'━'.repeat(6)}${'─'.repeat(18)} · loss 1.500 · 1 min 35 s left · 12.3k tokens/s · 512 MiB`,
  );
});

test('the bar gives way first, then the facts from the right', () => {
  const facts = 'sft  50/200 · loss 1.500 · 1 min 35 s left · 12.3k tokens/s · 512 MiB';
  assert.equal(formatProgress(progress, facts.length + 6), facts);
  assert.equal(formatProgress(progress, facts.length), facts);
  assert.equal(
    formatProgress(progress, facts.length - 1),
    'sft  50/200 · loss 1.500 · 1 min 35 s left · 12.3k tokens/s',
  );
  assert.equal(formatProgress(progress, 8), 'sft  50…');
});

test('a bar never leaves its bounds', () => {
  assert.equal(progressBar(2, 3), '━━━');
  assert.equal(progressBar(-1, 3), '───');
});

class Recorder {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 41;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

test('on a terminal the line is drawn in place, not more often than eyes follow', () => {
  const stream = new Recorder(true);
  let now = 0;
  const line = new StatusLine({ stream, now: () => now });
  line.update(() => 'one');
  now = 10;
  line.update(() => 'two');
  line.print('note');
  now = 100;
  line.update((width) => `three ${width}`);
  now = 101;
  line.update(() => 'four');
  line.done();
  assert.equal(stream.text, '\rone\x1b[K\r\x1b[Knote\none\rthree 40\x1b[K\rfour\x1b[K\n');
});

test('without a terminal there is one plain line every few seconds, and the last', () => {
  const stream = new Recorder(false);
  let now = 0;
  const line = new StatusLine({ stream, everySeconds: 5, now: () => now });
  for (let i = 0; i <= 7; i++) {
    now = i * 1000;
    line.update(() => `second ${i}`);
  }
  line.print('note');
  line.done();
  assert.equal(stream.text, 'second 0\nsecond 5\nnote\nsecond 7\n');
});

test('colour follows FORCE_COLOR, then NO_COLOR, then the terminal', () => {
  const terminal = { isTTY: true };
  assert.equal(wantsColour(terminal, {}), true);
  assert.equal(wantsColour({}, {}), false);
  assert.equal(wantsColour(terminal, { TERM: 'dumb' }), false);
  assert.equal(wantsColour(terminal, { NO_COLOR: '1' }), false);
  assert.equal(wantsColour(terminal, { NO_COLOR: '' }), true);
  assert.equal(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  assert.equal(wantsColour(terminal, { FORCE_COLOR: '0' }), false);
  assert.equal(palette(false).red('x'), 'x');
  assert.equal(palette(true).red(''), '');
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { watchStopSignals } from './stop-signals.ts';

test('the first signal asks for a stop, and after the watch signals are no longer ours', () => {
  const asked: string[] = [];
  const before = process.listenerCount('SIGTERM');
  const watch = watchStopSignals((signal) => asked.push(signal));
  process.emit('SIGTERM', 'SIGTERM');
  assert.deepEqual(asked, ['SIGTERM']);
  assert.equal(watch.received, 'SIGTERM');
  watch[Symbol.dispose]();
  assert.equal(process.listenerCount('SIGTERM'), before);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`the second ${signal} leaves at once with ${code}`, async () => {
    const script = `
      import { watchStopSignals } from ${JSON.stringify(new URL('./stop-signals.js', import.meta.url).href)};
      watchStopSignals((signal) => console.log('asked ' + signal));
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8');
    const ended = once(child, 'exit');
    let text = '';
    for await (const chunk of child.stdout as AsyncIterable<string>) {
      // The second is sent only when the first has been seen: a pending signal of the same kind is not counted twice.
      if (chunk.includes('ready') || chunk.includes('asked')) child.kill(signal);
      text += chunk;
    }
    assert.equal(text, `ready\nasked ${signal}\n`);
    assert.deepEqual(await ended, [code, null]);
  });
}

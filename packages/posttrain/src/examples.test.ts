import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The examples, and the one in the README, run as they stand: on the package, through jiti. */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const skip = existsSync(join(root, 'examples')) ? false : 'only in the repository';
const jiti = join(createRequire(import.meta.url).resolve('jiti/package.json'), '..', 'lib', 'jiti-cli.mjs');

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'examples-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function run(file: string, args: readonly string[], cwd = root): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [jiti, file, ...args], { cwd });
  return stdout;
}

test('training with progress', { skip }, async (t) => {
  const printed = await run(join(root, 'examples', 'train-with-progress.ts'), [join(folder(t), 'run')]);
  assert.match(printed, /checkpoints.step-\d+/);
});

test('abort and resume', { skip }, async (t) => {
  const printed = await run(join(root, 'examples', 'abort-and-resume.ts'), [join(folder(t), 'run')]);
  assert.match(printed, /aborted: enough for now/);
  assert.match(printed, /resumed at step \d+, finished at step 20/);
});

test('a chat server answers, refuses other hosts, and ends', { skip }, async (t) => {
  const child = spawn(process.execPath, [jiti, join(root, 'examples', 'chat-server.ts'), 'pocket', '0'], { cwd: root });
  t.after(() => child.kill('SIGKILL'));
  const url = await firstLine(child);
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'question : what is vikas town ?' }] });
  const answer = await fetch(url, { method: 'POST', body });
  assert.equal(answer.status, 200);
  assert.ok((await answer.text()).length > 0);
  const broken = await fetch(url, { method: 'POST', body: '{' });
  assert.equal(broken.status, 400);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('the example at the top of the README', { skip }, async (t) => {
  const [code] = /(?<=```ts\n)[\s\S]*?(?=```)/.exec(readFileSync(join(root, 'README.md'), 'utf8'))!;
  const work = folder(t);
  const rows = Array.from({ length: 12 }, () => ({
    messages: [
      { role: 'user', content: 'what is vikas town ?' },
      { role: 'assistant', content: 'vikas town tizu .' },
    ],
  }));
  writeFileSync(join(work, 'chat.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  // As written, with fewer steps; the package is found from the repository.
  const file = join(root, 'packages', 'posttrain', `.readme-example-${process.pid}.ts`);
  t.after(() => rmSync(file, { force: true }));
  writeFileSync(file, code.replace('steps: 200', 'steps: 60'));
  const printed = await run(file, [], work);
  assert.match(printed, /^60 [\d.]+$/m);
  assert.match(printed, /vikas town tizu \.$/);
});

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  child.stdout!.resume();
  return text.trim();
}

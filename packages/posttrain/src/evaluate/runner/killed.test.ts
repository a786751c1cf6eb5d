import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';

/** An evaluation in a process of its own, which notes every request and may kill itself in the middle of one. */
const program = `
import { appendFileSync } from 'node:fs';
const [, , folder, out, killAt] = process.argv;
const here = (path) => import(new URL(path, ${JSON.stringify(new URL('../', import.meta.url).href)}));
const { runEvaluation } = await here('evaluate.js');
const { TableModel } = await here('models/table-model.js');
const { sums, choices, parseSum } = await here('fixtures.test.support.js');
const { writeReports } = await here('report/write-reports.js');
const model = new TableModel({
  id: 'm',
  answer: (prompt) => String(parseSum(prompt)[0] + 1),
  logp: (_context, text) => -text.charCodeAt(1),
});
let batches = 0;
for (const kind of ['generate', 'likelihoods']) {
  const ask = model[kind].bind(model);
  model[kind] = (requests, ...rest) => {
    for (const request of requests) appendFileSync(out + '.asked', JSON.stringify(request) + '\\n');
    if (++batches === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    return ask(requests, ...rest);
  };
}
const call = { models: [model], tasks: [sums(40), choices(16)], cacheDir: folder, draws: 100, batch: { characters: 1e6, requests: 8 } };
writeReports(out, await runEvaluation(call));
`;

test('killed in the middle of a request, an evaluation goes on without repeating one that was answered, to the same bytes', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'program.mjs'), program);
  const run = (cache: string, out: string, killAt: number) => {
    const asked = join(folder, out);
    const { signal, status, stderr } = spawnSync(
      process.execPath,
      [join(folder, 'program.mjs'), join(folder, cache), asked, String(killAt)],
      { encoding: 'utf8' },
    );
    return { signal, status, stderr, asked: readFileSync(`${asked}.asked`, 'utf8').trim().split('\n') };
  };
  const whole = run('other', 'whole', 0);
  assert.equal(whole.status, 0, whole.stderr);
  assert.equal(whole.asked.length, 56);
  // Three batches of eight are answered, and the process dies inside the fourth.
  const killed = run('cache', 'killed', 4);
  assert.equal(killed.signal, 'SIGKILL');
  assert.deepEqual(killed.asked, whole.asked.slice(0, 32));
  const first = run('cache', 'first', 0);
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(first.asked, whole.asked.slice(24), 'what had no answer is asked again, and what is left');
  const files = readdirSync(join(folder, 'whole'), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  assert.ok(files.length >= 6);
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    assert.equal(readFileSync(path.replace('/whole/', '/first/'), 'utf8'), readFileSync(path, 'utf8'), name);
  }
});

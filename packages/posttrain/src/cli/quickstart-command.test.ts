import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };

function quickstart(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'quickstart', ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

const short = ['--profile', 'quick', '--steps', '2', '--items', '3', '--threads', '1'];

test('it trains, compares both models on the test split, writes the scorecard and puts the read on record', (t) => {
  const cwd = temporaryFolder(t);
  const { code, out, err } = quickstart(cwd, ...short, '--dir', 'run', '--json');
  assert.equal(code, 0, err);
  const { scorecard, ...facts } = JSON.parse(out) as {
    steps: number;
    profile: string;
    scorecard: {
      models: { id: string }[];
      results: { task: string; model: string; n: number }[];
      comparisons: { rows: { task: string; verdict: string }[] }[];
      warnings: string[];
    };
  };
  assert.deepEqual([facts.steps, facts.profile], [2, 'quick']);
  assert.deepEqual(
    scorecard.models.map(({ id }) => id),
    ['pocket', 'run'],
  );
  assert.ok(scorecard.results.every(({ n }) => n === 3));
  assert.ok(scorecard.comparisons[0]!.rows.some(({ task }) => task === 'pocket/grounded'));
  assert.ok(scorecard.warnings.every((warning) => !warning.includes('read')));
  for (const name of ['scorecard.html', 'scorecard.md', 'scorecard.json', 'samples.jsonl'])
    assert.ok(existsSync(join(cwd, 'run/evaluation', name)), name);
  const [read] = readFileSync(join(cwd, 'run/test-reads.jsonl'), 'utf8').trim().split('\n');
  assert.deepEqual((JSON.parse(read!) as { models: string[] }).models, ['pocket', 'run']);

  const again = spawnSync(
    process.execPath,
    [main, 'eval', 'run', '--tasks', 'pocket/grounded', '--limit', '3', '--threads', '1', '--json'],
    { cwd, env, encoding: 'utf8' },
  );
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stderr, /run: the test split of pocket\/grounded was read once before/);
});

test('its page shows examples, the scorecard and what to do next', (t) => {
  const cwd = temporaryFolder(t);
  const { code, out, err } = quickstart(cwd, ...short);
  assert.equal(code, 0, err);
  assert.match(out, /reading sources\nquestion {4}sources : \[1\] /);
  assert.match(out, /^citations +grounded +correct ↑ +3 /m);
  assert.match(out, /^safety +safety +unsafe_compliance ↓ +\d .* (?:inconclusive|regressed)$/m);
  assert.match(out, /^(?:What got worse|Nothing that was measured got worse\.)$/m);
  assert.match(out, /^scorecard +runs\/quickstart-1\/evaluation\/scorecard\.html$/m);
});

test('mistakes end in 2 before anything is trained', (t) => {
  const { code, err } = quickstart(temporaryFolder(t), '--profile', 'slow');
  assert.equal(code, 2);
  assert.match(err, /"slow" is no profile of the quickstart\.[\s\S]*profiles: /);
});

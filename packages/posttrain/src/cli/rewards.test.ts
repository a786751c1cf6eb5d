import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pocket } from '../data/index.ts';
import { loadRewardModel } from '../index.ts';
import { readJsonl } from '../runs/index.ts';
import { drawnRewardModel } from '../testing/drawn-reward-model.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { RewardFacts } from './rewards-summary.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };
const heldOut = pocket.heldOutPreferences('dev', { limit: 10 });
const pairs = heldOut.length;
const prompts = new Set(heldOut.map(({ prompt }) => JSON.stringify(prompt))).size;

function folderOf(t: TestContext) {
  const cwd = temporaryFolder(t);
  const write = (name: string, rows: readonly unknown[]) =>
    writeFileSync(join(cwd, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  write('held-out.jsonl', heldOut);
  const rewards = (...args: string[]) => {
    const words = [main, 'rewards', 'score', '--threads', '1', ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd, env, encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  return { cwd, write, rewards, model: drawnRewardModel(cwd) };
}

test('a reward model on held-out pairs: the scores are the model’s own, the figures follow from them', async (t) => {
  const { cwd, write, rewards, model } = folderOf(t);
  write('training.jsonl', [...pocket.preferenceRows(300, 4), heldOut[0]]);
  const args = ['reward', '--pairs', 'held-out.jsonl', '--training', 'training.jsonl'];
  const { code, out, err } = rewards(...args, '--scores', 'scores.jsonl', '--json');
  assert.equal(code, 0, err);
  const facts = JSON.parse(out) as RewardFacts;
  assert.deepEqual([facts.pairs, facts.read, facts.tiedJudgements, facts.unused], [pairs, pairs, 0, 0]);

  await using judge = await loadRewardModel(model, { precision: 'fp32', threads: 1 });
  const asked = heldOut.flatMap(({ prompt, answers, choice }) =>
    (choice === 'first' ? answers : answers.toReversed()).map((content) => [
      { role: 'user' as const, content: prompt },
      { role: 'assistant' as const, content },
    ]),
  );
  const expected = await judge.score(asked);
  const scores = readJsonl(join(cwd, 'scores.jsonl')).rows as { line: number; chosen: number; rejected: number }[];
  assert.deepEqual(
    scores.map(({ line }) => line),
    heldOut.map((_, i) => i + 1),
  );
  for (const [i, { chosen, rejected }] of scores.entries())
    assert.ok(Math.abs(chosen - expected[2 * i]!) < 1e-5 && Math.abs(rejected - expected[2 * i + 1]!) < 1e-5);
  const right = scores.filter(({ chosen, rejected }) => chosen > rejected).length;
  assert.ok(Math.abs(facts.accuracy.value! - right / pairs) < 1e-12);
  assert.deepEqual(
    facts.groups.map(({ group, n }) => [group, n]),
    Object.keys(pocket.preferenceMix)
      .sort()
      .map((axis) => [axis, 10]),
  );

  // Words alone tell little where what is right hangs on the sources; but the padded answers are longer.
  const [length, words] = facts.baselines!;
  assert.equal(words!.difference.n, pairs);
  assert.ok(Math.abs(length!.difference.after! - right / pairs) < 1e-12);
  assert.equal(facts.promptsInTraining, 1);
  assert.match(err, new RegExp(`1 of ${prompts} prompts also stand in training\\.jsonl`));
});

test('for people: every figure in a line, the groups and the baselines in tables', (t) => {
  const { write, rewards } = folderOf(t);
  write('training.jsonl', pocket.preferenceRows(100, 4));
  const { code, out, err } = rewards('reward', '--pairs', 'held-out.jsonl', '--training', 'training.jsonl');
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`^pairs +${pairs} of ${prompts} prompts in held-out\\.jsonl$`, 'm'));
  assert.match(out, /^accuracy +\d+\.\d % \[\d+\.\d, \d+\.\d\], 0 ties$/m);
  assert.match(out, /^calibration +expected error 0\.\d+, Brier 0\.\d+, loss 0\.\d+ nats/m);
  assert.match(out, /^longer +scores higher in \d+\.\d % and was chosen in \d+\.\d % of \d+: [+−]/m);
  assert.match(out, /^authority +10 +\d+\.\d % /m);
  assert.match(out, /^length +\d+\.\d % \[.+\] +[+−].+ points +(yes|not shown) +words [+−]/m);
  assert.match(out, /^words +\d+\.\d % \[/m);
});

test('what cannot be judged is told with its place', (t) => {
  const { write, rewards } = folderOf(t);
  const causal = rewards('pocket', '--pairs', 'held-out.jsonl');
  assert.notEqual(causal.code, 0);
  assert.match(causal.err, /holds a language model; it has no head that scores/);
  const long = { prompt: 'who ?', answers: ['lamp '.repeat(600), 'ring .'], choice: 'first' };
  write('long.jsonl', [heldOut[0], long]);
  const overlong = rewards('reward', '--pairs', 'long.jsonl');
  assert.notEqual(overlong.code, 0);
  assert.match(overlong.err, /has 60\d tokens; the reward model sees 512\.\n {2}in .*long\.jsonl:2/);
  write('ties.jsonl', [{ ...heldOut[0], choice: 'tie' }]);
  assert.match(
    rewards('reward', '--pairs', 'ties.jsonl').err,
    /ties\.jsonl gives no pair: 1 judgements, 1 of them ties/,
  );
  const by = rewards('reward', '--pairs', 'held-out.jsonl', '--by', 'colour');
  assert.equal(by.code, 2);
  assert.match(by.err, /--by is source or annotator, not "colour"/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFeedback } from '../data/index.ts';
import { type Recipe, train } from '../index.ts';
import { readMetrics } from '../runs/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };

/** Which answer stands first is drawn for each pair: the person reads before each choice, as the page shows it. */
function labelByPoliteness(cwd: string): void {
  // One key a session: what is on the page decides it.
  const dry = spawnSync(
    process.execPath,
    [main, 'label', 'pairs.jsonl', '--annotator', 'ann', '--out', 'looked.jsonl'],
    {
      cwd,
      env,
      input: '1'.repeat(60),
      encoding: 'utf8',
    },
  );
  assert.equal(dry.status, 0, dry.stderr);
  // The same person sees the same sides again.
  const first = [...dry.stderr.matchAll(/^(Yes|No) .*│ /gm)].map(([, word]) => word);
  assert.equal(first.length, 60);
  // Every tenth is a tie; one choice is taken back and made again.
  const keys = first.map((word, i) => (i % 10 === 9 ? 't' : word === 'Yes' ? '1' : '2'));
  const wrong = keys[4] === '1' ? '2' : '1';
  const typed = [...keys.slice(0, 4), wrong, 'u', ...keys.slice(4)].join('');
  const { status, stderr } = spawnSync(process.execPath, [main, 'label', 'pairs.jsonl', '--annotator', 'ann'], {
    cwd,
    env,
    input: typed,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
}

test('sixty pairs labelled in the terminal train DPO, KTO and a reward model as they are', async (t) => {
  const cwd = temporaryFolder(t);
  const rows = Array.from({ length: 60 }, (_, i) => ({
    prompt: `Would you like tea number ${i}?`,
    answers: [`Yes please, ${i}.`, `No tea, ${i}.`],
  }));
  writeFileSync(join(cwd, 'pairs.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  labelByPoliteness(cwd);
  const file = join(cwd, 'pairs.labels.jsonl');
  assert.equal((await readFeedback(file)).rows.length, 60);

  for (const method of ['dpo', 'kto', 'reward-model'] as const) {
    const recipe = {
      method,
      model: goldenPath('models/tiny-bpe'),
      data: { train: file },
      batch: 18,
      epochs: 5,
      lr: 3e-3,
      precision: 'fp32',
      threads: 1,
      forgetting: false,
      every: { checkpoint: false },
    } as Recipe;
    const dir = join(cwd, method);
    await train(recipe, { dir, inProcess: true }).result;
    const { steps } = readMetrics(dir);
    const last = steps.at(-1)!.metrics!;
    // 54 pairs, as six are ties; KTO has both answers of each.
    assert.equal(steps.length, method === 'kto' ? 30 : 15);
    if (method === 'kto') assert.ok(last['desirableReward']! > last['undesirableReward']! + 0.05, JSON.stringify(last));
    else assert.equal(last['accuracy'], 1, `${method}: ${JSON.stringify(last)}`);
  }
});

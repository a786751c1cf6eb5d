// KTO, ORPO and SimPO from the same tuned model and the same pairs of the pocket world: figures for the pages of these methods. README.md says what is asked.
//   npm run -s study -- pocket-preferences --json
// Runs and answers stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pocket } from 'posttrain/data';
import { defineStudy, runStudy } from 'posttrain/study';
import { preferred } from '../pocket-preferred.mjs';
import { jsonLines, tunedPocket } from '../pocket-start.mjs';

export const description = 'KTO, ORPO and SimPO on oracle pairs of the pocket world: figures, without a claim';
/** `pairs` to learn from, each once; `items` of each task, 0 for all; `startSteps` of the tuned model, 0 for the recipe's. */
export const settings = { pairs: 1600, seeds: 3, items: 200, startSteps: 0, threads: 1 };

const tasks = ['safety', 'bias', 'conflict', 'abstention', 'grounded'];
const pairsPerStep = 16;

export async function run({ settings: given, log }) {
  const { pairs, seeds, items, startSteps, threads } = given;
  const work = join(tmpdir(), `posttrain-pocket-preferences-${pairs}-${startSteps}`);
  const start = await tunedPocket(work, { steps: startSteps, threads }, log);
  const file = join(work, 'pairs.jsonl');
  if (!existsSync(file)) writeFileSync(file, jsonLines(pocket.preferenceRows(pairs, 1)));
  const shared = {
    model: start,
    data: { train: file },
    epochs: 1,
    batch: pairsPerStep,
    lr: [1e-4, 3e-4, 1e-3],
    schedule: { kind: 'linear', warmup: 0.05 },
    forgetting: false,
    every: { checkpoint: false },
    threads,
  };
  const study = defineStudy({
    name: 'pocket-preferences',
    arms: {
      tuned: { model: start },
      // Both answers of each pair by themselves: the same tokens in the same number of steps.
      kto: { method: 'kto', ...shared, batch: 2 * pairsPerStep },
      orpo: { method: 'orpo', ...shared, orpo: { lambda: 1 } },
      simpo: { method: 'simpo', ...shared },
    },
    seeds: [1, 2, 3, 4, 5].slice(0, seeds),
    baseline: 'tuned',
    choose: { tasks: ['preferred'], metric: 'preferred.right' },
    // The development split: this study claims nothing.
    evaluate: { tasks: tasks.map((name) => `pocket-dev/${name}`), limit: items === 0 ? undefined : items },
  });
  const going = runStudy(study, { dir: join(work, `study-${seeds}-${items}`), threads, tasks: [preferred] });
  for await (const event of going) if (event.type === 'run') log(`${event.run.id} ${event.status}`);
  const { arms, rows } = await going.result;
  return { ok: true, ours: { arms, rows }, peers: null, bound: null, ratio: null };
}

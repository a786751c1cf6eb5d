// Does a run that is killed and resumed end as if nobody had killed it? README.md says what is done.
//   npm run -s study -- kill --json          kill kills=5 seed=7 threads=1 repeats a part of it
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killCampaign } from '../../packages/posttrain/dist/testing/kill-campaign.js';
import { killRecipe } from '../../packages/posttrain/dist/testing/kill-recipe.js';

export const description = 'SIGKILLs at random times to engine and host, each followed by a resume: the same bits?';
/** Without a seed, a new one is drawn and printed. */
export const settings = { kills: 20, seed: 0, threads: 1 };

export async function run({ settings: { kills, seed: given, threads }, log }) {
  const seed = given || 1 + (Date.now() % 0x7fffffff);
  log(`seed ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-kill-'));
  try {
    const recipe = killRecipe(join(folder, 'base'), threads);
    const result = await killCampaign({ recipe, folder, kills, seed, log });
    const count = (test) => result.kills.filter(test).length;
    const inside = {
      firstStep: count(({ moment, hit }) => moment === 'first step' && hit),
      checkpointWrite: count(({ moment, hit }) => moment === 'checkpoint write' && hit),
    };
    return {
      ok:
        result.problems.length === 0 &&
        result.kills.length >= kills &&
        inside.firstStep > 0 &&
        inside.checkpointWrite > 0,
      ours: {
        seed,
        kills: result.kills.length,
        ofHost: count(({ victim }) => victim === 'host'),
        ofEngine: count(({ victim }) => victim === 'engine'),
        inside,
        runs: result.runs,
        problems: result.problems,
        tornLines: result.torn,
        slowestEngineExitMs: Math.round(Math.max(0, ...result.kills.map(({ engineGoneMs }) => engineGoneMs))),
        steps: result.kills.map(({ step }) => step),
      },
      peers: null,
      bound: null,
      ratio: null,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

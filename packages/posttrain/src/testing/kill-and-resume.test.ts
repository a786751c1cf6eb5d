import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { killCampaign } from './kill-campaign.ts';
import { killRecipe } from './kill-recipe.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('three SIGKILLs to host and engine, at a random time, in the first step and inside a checkpoint write: every bit as if they had not come', async (t) => {
  const seed = Date.now() % 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const folder = temporaryFolder(t);
  const { kills, problems } = await killCampaign({ recipe: killRecipe(join(folder, 'base')), folder, kills: 3, seed });
  assert.deepEqual(problems, [], `with seed ${seed}`);
  const inside = (moment: string) => kills.some((kill) => kill.moment === moment && kill.hit);
  assert.ok(
    kills.length >= 3 && inside('first step') && inside('checkpoint write'),
    `with seed ${seed}: ${JSON.stringify(kills)}`,
  );
});

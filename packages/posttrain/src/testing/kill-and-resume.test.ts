import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { killCampaign } from './kill-campaign.ts';
import { killRecipe } from './kill-recipe.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('three SIGKILLs at random times, one in the first step, one inside a checkpoint write: every bit as if they had not come', async (t) => {
  const seed = Date.now() % 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const folder = temporaryFolder(t);
  const { kills, problems } = await killCampaign({ recipe: killRecipe(join(folder, 'base')), folder, kills: 3, seed });
  assert.deepEqual(problems, [], `with seed ${seed}`);
  assert.equal(kills.length, 3);
});

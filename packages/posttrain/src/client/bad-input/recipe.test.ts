import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listing, recipeFor, refuses, scene, show } from '../../testing/provoke.ts';
import { train } from '../train.ts';

const change = (keys: Readonly<Record<string, unknown>>) => () => keys;

refuses(
  'a key with two letters swapped',
  change({ stpes: 1 }),
  `recipe-invalid: unknown key "stpes".
  in stpes
  help: did you mean steps?`,
);

refuses(
  "a key of another tool's",
  change({ learning_rate: 1 }),
  `recipe-invalid: unknown key "learning_rate": a name of TRL, LLaMA-Factory, Axolotl.
  in learning_rate
  help: Write lr: 1`,
);

refuses(
  'an unknown key inside another',
  (at) => ({ data: { train: at.rows, shufle: true } }),
  `recipe-invalid: unknown key "data.shufle".
  in data.shufle
  help: did you mean shuffle?`,
);

refuses(
  'an unknown method',
  change({ method: 'sftt' }),
  `recipe-invalid: method is "sftt", but must be sft, kto, dpo, orpo, simpo, ppo, grpo, rloo, distill, pretrain or reward-model.
  in method
  help: did you mean sft?`,
);

for (const [value, problem] of [
  [-1, 'lr is -1, but must be above 0.'],
  [0, 'lr is 0, but must be above 0.'],
  [Number.NaN, 'lr is NaN, but must be a finite number.'],
  [Number.POSITIVE_INFINITY, 'lr is Infinity, but must be a finite number.'],
  ['fast', 'lr is "fast", but must be a number.'],
] as const)
  refuses(
    `lr: ${value}`,
    change({ lr: value }),
    `recipe-invalid: ${problem}
  in lr
  help: The highest learning rate of the run.`,
  );

refuses(
  'half a step',
  change({ steps: 1.5 }),
  /^recipe-invalid: steps is 1\.5, but must be a whole number\.\n {2}in steps\n/,
);

refuses(
  'a batch that does not divide',
  change({ batch: 64, microBatch: 10 }),
  `recipe-invalid: batch (64) is not a multiple of microBatch (10).
  in microBatch
  help: 8 and 16 divide 64.`,
);

refuses(
  'micro-batches that TRL would not make',
  change({ method: 'kto', kto: { compat: 'trl' }, microBatch: 1 }),
  `recipe-invalid: the recipe has 2 problems.
  data.shuffle is true, but kto.compat is trl.
    help: kto.compat: trl needs data.shuffle: false, one file in data.train, and a microBatch of 2 or more.
  microBatch is 1, but kto.compat is trl.
    help: kto.compat: trl needs data.shuffle: false, one file in data.train, and a microBatch of 2 or more.`,
);

refuses(
  'two lengths of one run',
  change({ epochs: 2 }),
  `recipe-invalid: steps (2) and epochs (2) both say how long the run is.
  in epochs
  help: keep one of them.`,
);

refuses(
  'rows longer than the model can see',
  (at) => ({ data: { train: at.rows, maxTokens: 512 } }),
  `recipe-invalid: data.maxTokens (512) is more than the model's context of 256 tokens.
  in data.maxTokens
  help: at most 256, or auto.`,
);

refuses(
  'a share above the whole',
  (at) => ({ data: { train: at.rows, validation: 1.5 } }),
  /^recipe-invalid: data\.validation is 1\.5, but must be below 1\.\n {2}in data\.validation\n/,
);

test('a change on top of the recipe is refused in the same words', async () => {
  using at = scene();
  const before = listing(at.root);
  const run = train(recipeFor(at), { dir: at.dir, overrides: ['data.shufle=false'], inProcess: true });
  await assert.rejects(run.result, (thrown) => {
    assert.match(
      show(thrown, at),
      /^recipe-invalid: unknown key "data\.shufle"\.\n[\s\S]*help: did you mean shuffle\?$/,
    );
    return true;
  });
  assert.deepEqual(listing(at.root), before);
});

// What our side of the bench grpo trains on: answers of a fixed length that the model draws, scored in this process.
import { readFileSync } from 'node:fs';
import { methods } from 'posttrain/train';
import { groupAdvantages } from '../../packages/posttrain/dist/train/losses/advantages.js';
import { RolloutSource } from '../../packages/posttrain/dist/train/rollouts/rollout-source.js';

/** As recipes have it: the paper's loss, without a divergence. */
const keys = {
  ...{ loss: 'sequence', scale: 'group', ratio: 'token', surrogate: 'clip', clipLow: 0.2, clipHigh: 0.2 },
  ...{ beta: 0, kl: 'loss', correction: 'auto', correctionCap: 2 },
};
const learning = {
  passes: 1,
  minibatches: 1,
  zeroVariance: 'keep',
  rounds: 3,
  lengthMargin: undefined,
  maskTruncated: false,
};
/** No token ends an answer. */
const tokenizer = { stopIds: [], decode: (ids) => ids.join(' ') };

/** The share of an answer's tokens in the lower half of the vocabulary; peers/grpo_steps.py has the same. */
const reward = (tokens, vocabulary) => tokens.filter((id) => id < vocabulary / 2).length / tokens.length;

/** @returns the objective, and a batch source that also tells the seconds that its last rollouts took */
export function grpoSource(spec, model) {
  const { group, batch, newTokens, rows, precision } = spec;
  const { vocabulary } = model.dimensions;
  const prompts = readFileSync(rows, 'utf8').trim().split('\n').map(JSON.parse).map(promptRow);
  const each = batch / group;
  const perPass = Math.floor(prompts.length / each);
  const packs = (phase) => prompts.slice((phase % perPass) * each, ((phase % perPass) + 1) * each).map((row) => [row]);
  const source = new RolloutSource(
    {
      ...{ group, maxTokens: newTokens, temperature: 1, seed: 0, ...learning },
      ...{ divergenceInLoss: false, divergenceInReward: 0, prompts: { packs }, spare: { packs } },
      advantages: (groups) => groupAdvantages(groups, 'group'),
      promptOf: new Map(prompts.map((row) => [row, { prompt: [], row: {}, origin: row.origin }])),
    },
    {
      ...{ model, tokenizer, together: batch, stop: new AbortController().signal, resumed: null },
      folder: { samples: () => [], appendSample: () => {} },
      withReference: () => null,
      ask: async ({ sample: { tokens } }) => ({ reward: reward(tokens, vocabulary), scores: [] }),
    },
  );
  const timed = {
    seconds: 0,
    async packs(step) {
      const begun = performance.now();
      const made = await source.packs(step);
      timed.seconds = (performance.now() - begun) / 1000;
      return made;
    },
    metrics: () => source.metrics(),
  };
  const objective = methods.grpo.objective({
    grpo: keys,
    rollout: { maxTokens: newTokens, temperature: 1 },
    precision,
  });
  return { objective, source: timed };
}

function promptRow({ prompt_ids: ids }, i) {
  return { tokens: Int32Array.from(ids), weights: new Float32Array(ids.length), origin: { file: 'rows', line: i + 1 } };
}

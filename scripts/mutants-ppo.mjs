// Mistakes in PPO and in the entropy bonus that some test must notice, as scripts/mutants.mjs has them for training.

const gae = ['train/losses/gae.test.js'];
const golden = ['train/objectives/ppo.golden.test.js'];
const losses = [...gae, ...golden];
const conformance = ['train/objectives/conformance.test.js'];
const heads = ['train/vocabulary.test.js'];
const runs = ['train/rollout-runs.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'train/losses/gae.js',
    tests: losses,
    changes: [
      ['the score at the first token', 't === count - 1 ? score : 0', 't === 0 ? score : 0'],
      ['the score at every token', '(t === count - 1 ? score : 0) - divergence', 'score - divergence'],
      ['a divergence that is paid for', ': 0) - divergence', ': 0) + divergence'],
      ['k1 the other way round', 'old[t] - reference[t]', 'reference[t] - old[t]'],
      ['the first token left out', 't >= 0; t--) { const surprise', 't >= 1; t--) { const surprise'],
      ['the value of the token itself for the next', 'gamma * valueAfter - values[t]', 'gamma * values[t] - values[t]'],
      ['values with the wrong sign', 'valueAfter - values[t]', 'valueAfter + values[t]'],
      [
        'a value after the end',
        'let [after, valueAfter] = [0, 0]',
        'let [after, valueAfter] = [0, values[rewards.length - 1]]',
      ],
      ['the next value undiscounted', 'rewards[t] + gamma * valueAfter', 'rewards[t] + valueAfter'],
      ['λ left out', 'surprise + gamma * lambda * after', 'surprise + gamma * after'],
      ['γ left out', 'surprise + gamma * lambda * after', 'surprise + lambda * after'],
      ['returns undiscounted', 'rewards[t] + gamma * after', 'rewards[t] + after'],
      ['whitened without the mean', '(value - mean) / size', 'value / size'],
      ['divided by the variance', 'Math.sqrt(Math.max(variance, leastVariance))', 'Math.max(variance, leastVariance)'],
      ['rounding blown up', 'Math.max(variance, leastVariance)', 'variance'],
      ['variance over n − 1', '** 2, 0) / values.length', '** 2, 0) / (values.length - 1)'],
      ['explained variance turned round', '.variance / variance', '* variance'],
    ],
  },
  {
    file: 'train/losses/value.js',
    tests: losses,
    changes: [
      ['the smaller error', 'free.maximum(held)', 'free.minimum(held)'],
      ['the clip around the returns', 'old.add(values.sub(old)', 'returns.add(values.sub(old)'],
      ['a clip on one side', 'clamp(-clip, clip)', 'clamp(null, clip)'],
      ['half left out', 'free.maximum(held).mul(0.5)', 'free.maximum(held)'],
      ['half left out, without a clip', 'terms: free.mul(0.5)', 'terms: free'],
      ['clipped where the free error is larger', 'held.detach().gt(free.detach())', 'free.detach().gt(held.detach())'],
    ],
  },
  {
    file: 'train/rollouts/gae-credit.js',
    tests: golden,
    changes: [
      ['returns from whitened advantages', 'value + answer.advantages[t]', 'value + scaled(answer.advantages[t])'],
      ['returns without values', 'value + answer.advantages[t]', 'answer.advantages[t]'],
      ['never whitened', 'const scaled = whiten ?', 'const scaled = !whiten ?'],
      ['each answer whitened by itself', 'scaled(value)', 'whitening(answer.advantages)(value)'],
    ],
  },
  {
    file: 'train/rollouts/gae-credit.js',
    tests: ['train/rollouts/gae-credit.test.js'],
    changes: [
      ['answers that are masked learnt from', 'reward === null || !learnt', 'reward === null'],
      ['masked answers whitened too', 'answer.came === null ? 0 : scaled(value)', 'scaled(value)'],
      ['the critic judged by its own returns', 'explainedVariance(values, came)', 'explainedVariance(values, values)'],
    ],
  },
  {
    file: 'train/objectives/value-objective.js',
    tests: golden,
    changes: [
      [
        'values and returns changed about',
        'joined((one) => one.values), joined((one) => one.returns)',
        'joined((one) => one.returns), joined((one) => one.values)',
      ],
      ['the clip switched off', 'clipValue);', 'false);'],
      ['a mean over answers', 'weight: weightOf', 'weight: (packs) => packs.length'],
    ],
  },
  {
    file: 'train/objectives/policy-objective.js',
    tests: ['train/objectives/policy-objective.test.js', ...golden, ...conformance],
    changes: [
      [
        'advantages of the first token for all',
        'rollouts.map(({ advantages }) => [...advantages])',
        'rollouts.map(({ advantages }) => [...advantages].fill(advantages[0]))',
      ],
      [
        'an entropy that is punished',
        'diverging.sub(entropy.mul(options.entropy))',
        'diverging.add(entropy.mul(options.entropy))',
      ],
      ['an entropy without its weight', 'entropy.mul(options.entropy)', 'entropy'],
    ],
  },
  {
    file: 'train/target-quantities.js',
    tests: heads,
    changes: [
      ['entropy with the wrong sign', '.sum([1]).neg()', '.sum([1])'],
      ['entropy in plain probabilities', 'logps.exp().mul(logps)', 'logps.exp().mul(logps.exp())'],
      ['entropy at another temperature', 'temperature === 1 ? logits : logits.div(temperature)', 'logits'],
      ['last chunk left out', 'start < total; start += rows', 'start + rows <= total; start += rows'],
      ['chunk one target short', 'Math.min(rows, total - start)', 'Math.min(rows - 1, total - start)'],
      [
        'targets of the first chunk for all',
        'batch.targets.narrow(0, ...chunk)',
        'batch.targets.narrow(0, 0, chunk[1])',
      ],
    ],
  },
  {
    file: 'train/vocabulary.js',
    tests: heads,
    changes: [
      ['no gradient through the entropy', 'ofLogp ? weighted.add(logp.mul(ofLogp)) : weighted', 'logp.mul(ofLogp)'],
      [
        'no gradient through the log-probability beside it',
        'ofLogp ? weighted.add(logp.mul(ofLogp)) : weighted',
        'weighted',
      ],
      ['gradients of the first chunk for all', 'gradient?.narrow(0, ...chunk)', 'gradient?.narrow(0, 0, chunk[1])'],
    ],
  },
  {
    file: 'train/score-head.js',
    tests: ['train/score-head.test.js'],
    changes: [
      [
        'values after the token',
        'model.scores(hidden, predictors)',
        'model.scores(hidden, predictors.add(1).clamp(0, hidden.shape[0] - 1))',
      ],
    ],
  },
  {
    file: 'train/learner.js',
    tests: ['train/loop.test.js', ...runs],
    changes: [
      ['learning rate of the next step', 'const lr = learningRate(step)', 'const lr = learningRate(step + 1)'],
      ['never clipped', 'clipFactor(norm, clip)', '1'],
    ],
  },
  {
    file: 'train/critic.js',
    tests: runs,
    changes: [
      ['an optimizer that is not restored', "if (checkpoint) restoreState(checkpoint.path, this, 'critic');", ''],
      ['the policy’s rate', '=> lr * factor(step)', '=> this.#recipe.lr * factor(step)'],
    ],
  },
  {
    file: 'train/rollouts/phase-state.js',
    tests: runs,
    changes: [
      [
        'values and returns changed about',
        'values: list(valued.values), returns: list(valued.returns)',
        'values: list(valued.returns), returns: list(valued.values)',
      ],
    ],
  },
  {
    file: 'train/rollouts/rollout-source.js',
    tests: runs,
    changes: [
      [
        'a penalty for what ended',
        "finish === 'length' ? truncatedPenalty : 0",
        "finish === 'length' ? 0 : truncatedPenalty",
      ],
    ],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file, find, replace, tests })),
);

// Mistakes that some test must notice: each is one change of the compiled code, and the test files that are to fail.
// White space in the text to be changed matches any white space, line ends too; the text must occur exactly once.

const loss = ['train/vocabulary.test.js', 'train/equivalence.test.js'];
const batch = ['train/batch.test.js', 'train/equivalence.test.js'];
const loop = ['train/loop.test.js'];
const schedule = ['train/schedule.test.js'];
const optimizers = ['train/optimizers/optimizers.golden.test.js'];
const family = ['models/llama.golden.test.js'];
const attention = ['nn/packed-attention.test.js'];
const cache = ['nn/key-value-cache.test.js'];
const sampler = ['models/generation/sampler.test.js'];
const packing = ['data/packing.test.js'];
const masks = ['data/renderer.test.js'];
const clipping = ['train/loop.test.js', 'train/optimizers/optimizers.golden.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'train/objective.js',
    tests: loss,
    changes: [
      ['loss with the wrong sign', '.sumAll().neg()', '.sumAll()'],
      ['loss without weights', 'logp.mul(weights).sumAll()', 'logp.sumAll()'],
    ],
  },
  {
    file: 'train/vocabulary.js',
    tests: loss,
    changes: [
      ['logits without their normaliser', '.sub(logits.logsumexp([-1]))', ''],
      ['last chunk left out', 'start < total; start += rows', 'start + rows <= total; start += rows'],
      ['chunk one target short', 'Math.min(rows, total - start)', 'Math.min(rows - 1, total - start)'],
      [
        'weights of the first chunk for all',
        'const weights = batch.weights.narrow(0, start, length)',
        'const weights = batch.weights.narrow(0, 0, length)',
      ],
      [
        'targets of the first chunk for all',
        'batch.targets.narrow(0, start, length)',
        'batch.targets.narrow(0, 0, length)',
      ],
      ['gradient without its scale', 'loss.mul(scale).backward()', 'loss.backward()'],
      [
        'evaluation without weights',
        'objective.sum({ logp, weights: batch.weights.narrow(0, start, length) })',
        'objective.sum({ logp, weights: logp.mul(0).add(1) })',
      ],
    ],
  },
  {
    file: 'train/batch.js',
    tests: batch,
    changes: [
      ['targets predicted by themselves', 'predictors.push(start + t - 1)', 'predictors.push(start + t)'],
      ['targets one token early', 'targets.push(row.tokens[t])', 'targets.push(row.tokens[t - 1])'],
      ['every row predicted from the first', 'start += row.tokens.length;', ''],
      ['step weight counts targets, not weights', 'sum += row.weights[t]', 'sum += Number(row.weights[t] > 0)'],
    ],
  },
  {
    file: 'train/batch.js',
    tests: loop,
    changes: [['masked tokens counted as learned', 'if (row.weights[t] !== 0) lossTokens++', 'lossTokens++']],
  },
  {
    file: 'train/loop.js',
    tests: loop,
    changes: [
      ['mean over packs instead of targets', 'scale: 1 / weight', 'scale: 1 / packs.length'],
      [
        'micro-batch one pack short',
        'packs.slice(start, start + options.microBatch)',
        'packs.slice(start, start + Math.max(1, options.microBatch - 1))',
      ],
      ['learning rate of the next step', 'options.learningRate(step)', 'options.learningRate(step + 1)'],
      ['gradients kept for the next step', "}, 'update'); trainable.zeroGradients();", "}, 'update');"],
      ['never clipped', 'clipGradients(gradients, norm, options.clip);', ''],
      ['held-out mean of means', 'sum / weightOf(validation)', 'sum / validation.length'],
      ['a stop keeps half a step', 'trainable.zeroGradients(); return undefined;', 'return undefined;'],
      ['infinite loss goes on', '!Number.isFinite(loss) || !Number.isFinite(norm)', 'false'],
    ],
  },
  {
    file: 'train/trainable.js',
    tests: clipping,
    changes: [
      ['clipping up instead of down', 'if (factor < 1)', 'if (factor > 1)'],
      ['clip factor upside down', 'limit / (norm + 1e-6)', 'norm / (limit + 1e-6)'],
    ],
  },
  {
    file: 'train/trainable.js',
    tests: optimizers,
    changes: [['sum of norms for the norm', '.norm(2).item()', '.norm(1).item()']],
  },
  {
    file: 'train/backward.js',
    tests: loss,
    changes: [
      [
        'training without dropout',
        'const states = model.call(batch.tokens, attention, dropout)',
        'const states = model.call(batch.tokens, attention, false)',
      ],
      ['recomputation drops other weights', 'setRngState(random[i]);', ''],
      [
        'recomputation from the next block’s input',
        'leafOf(inputs[i])',
        'leafOf(inputs[Math.min(i + 1, inputs.length - 1)])',
      ],
    ],
  },
  {
    file: 'train/schedule.js',
    tests: schedule,
    changes: [
      ['warm-up one step ahead', 'step / Math.max(1, warmup)', '(step + 1) / Math.max(1, warmup)'],
      ['warm-up rounded down', 'Math.ceil(warmup * steps)', 'Math.floor(warmup * steps)'],
      ['cosine rising', '(1 + Math.cos(', '(1 - Math.cos('],
      ['linear rising', '? 1 - progress', '? progress'],
      ['no hold', 'Math.round(options.hold * steps)', '0'],
      ['floor added on top', 'options.floor + (1 - options.floor) * descent', 'options.floor + descent'],
      ['descent measured from step 0', '(step - start) / Math.max(1, steps - start)', 'step / Math.max(1, steps)'],
    ],
  },
  {
    file: 'train/optimizers/adamw.js',
    tests: optimizers,
    changes: [
      ['AdamW with its betas exchanged', 'lr, betas[0], betas[1]', 'lr, betas[1], betas[0]'],
      ['AdamW decays vectors', 'decay: 0 }', 'decay: options.weightDecay }'],
      ['AdamW corrects for the first step for ever', 'tensor([this.steps]', 'tensor([1]'],
      ['AdamW without ε', 'decay, eps, false', 'decay, 0, false'],
    ],
  },
  {
    file: 'train/optimizers/muon.js',
    tests: optimizers,
    changes: [
      ['Muon without Nesterov', 'gradient.lerp(mean, momentum)', 'mean'],
      ['Muon with its momentum upside down', 'mean.lerp_(gradient, 1 - momentum)', 'mean.lerp_(gradient, momentum)'],
      ['Muon grows instead of decays', '1 - lr * weightDecay', '1 + lr * weightDecay'],
      ['Muon scaled by the short side', 'Math.max(rows, columns)', 'Math.min(rows, columns)'],
      ['Muon one round short', 'i < rounds', 'i < rounds - 1'],
    ],
  },
  {
    file: 'nn/rotary.js',
    tests: family,
    changes: [
      ['rotation the other way', 'cat([second.neg(), first], -1)', 'cat([second, first.neg()], -1)'],
      ['frequencies half as far apart', '.mul(2) .div(width)', '.div(width)'],
      ['Llama 3: long waves kept', 'wavelength > context / low', 'wavelength > context * low * 1e6'],
      [
        'Llama 3: blend exchanged',
        '((1 - blend) * frequency) / factor + blend * frequency',
        '(blend * frequency) / factor + (1 - blend) * frequency',
      ],
    ],
  },
  { file: 'nn/rms-norm.js', tests: family, changes: [['norm without ε', '.add(this.#epsilon)', '']] },
  {
    file: 'nn/attention.js',
    tests: attention,
    changes: [
      ['attention sees the future', 'null, dropout, true)', 'null, dropout, false)'],
      [
        'key-value heads dealt out in turn',
        'x.unsqueeze(2).expand([batch, kvHeads, groups, length, width])',
        'x.unsqueeze(1).expand([batch, groups, kvHeads, length, width])',
      ],
    ],
  },
  {
    file: 'nn/packed-attention.js',
    tests: attention,
    changes: [
      ['positions from 1', 'positions[starts[i] + t] = t', 'positions[starts[i] + t] = t + 1'],
      ['results of a pack one place off', 'made + row * longest + t', 'made + row * longest + Math.max(0, t - 1)'],
      ['every sequence reads the first', 'starts[i] + Math.min(t, lengths[i] - 1)', 'Math.min(t, lengths[i] - 1)'],
    ],
  },
  {
    file: 'nn/key-value-cache.js',
    tests: cache,
    changes: [
      [
        'cache forgets the newest token',
        'cache.value.narrow(2, 0, column + 1), this.#mask?.narrow(3, 0, column + 1)',
        'cache.value.narrow(2, 0, column + 1).mul(0), this.#mask?.narrow(3, 0, column + 1)',
      ],
      ['cached positions one behind', '(offset) => column - offset', '(offset) => column - offset - 1'],
    ],
  },
  {
    file: 'models/generation/sampler.js',
    tests: sampler,
    changes: [
      ['temperature the wrong way', 'rows.div(sampling.temperature)', 'rows.mul(sampling.temperature)'],
      ['top-k keeps one more', 'vocabulary) - 1, 1', 'vocabulary - 1), 1'],
      ['top-p leaves out the token that reaches p', '.sub(probabilities)', ''],
      [
        'min-p as an absolute bound',
        'sorted.narrow(1, 0, 1).add(Math.log(minP))',
        'sorted.narrow(1, 0, 1).mul(0).add(Math.log(minP))',
      ],
      [
        'draws the token before',
        'searchsorted(cumulated, target, false, true).squeeze(1)',
        'searchsorted(cumulated, target, false, true).squeeze(1).sub(1)',
      ],
      [
        'filtered tokens stay in the draw',
        'scaled.maskedFill(scaled.lt(thresholds(scaled, sampling)), -Infinity)',
        'scaled',
      ],
    ],
  },
  {
    file: 'data/packing.js',
    tests: packing,
    changes: [
      ['packs one token too long', 'roomy.put(bin.id, bin.room - length)', 'roomy.put(bin.id, bin.room - length + 1)'],
      ['first fit instead of best fit', 'rows[b].tokens.length - rows[a].tokens.length || a - b', 'a - b'],
    ],
  },
  {
    file: 'data/overlong.js',
    tests: packing,
    changes: [
      ['truncateStart keeps the start', 'part(row, length - maxTokens, length)', 'part(row, 0, maxTokens)'],
      ['pieces overlap by a token', 'part(row, i * maxTokens, ', 'part(row, Math.max(0, i * maxTokens - 1), '],
      ['loss on the first token of a piece', 'weights[0] = 0;', ''],
    ],
  },
  {
    file: 'data/row-encoder.js',
    tests: masks,
    changes: [
      ['loss on the prompt too', 'weights.fill(1, ...encoded.tokenRange(start, end))', 'weights.fill(1)'],
      [
        'the end of a turn not learned',
        'weights.fill(1, ...encoded.tokenRange(start, end))',
        'weights.fill(1, ...encoded.tokenRange(start, end - 1))',
      ],
    ],
  },
  {
    file: 'data/guarded-messages.js',
    tests: masks,
    changes: [['control strings of users become tokens', 'guard.break(text)', 'text']],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file, find, replace, tests })),
);

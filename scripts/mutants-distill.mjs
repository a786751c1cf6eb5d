// Mistakes in distillation that some test must notice, as scripts/mutants.mjs has them for training.

const losses = ['train/losses/distillation.test.js'];
const topK = ['train/losses/top-k.test.js', 'train/stored-logits.test.js'];
const stored = ['train/stored-logits.test.js'];
const objective = ['train/objectives/distillation-objective.test.js'];
const privileged = ['train/privileged-rows.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'train/losses/distillation.js',
    tests: losses,
    changes: [
      ['reverse KL forwards', 'klDivergences(student, teacher)', 'klDivergences(teacher, student)'],
      ['KL with the wrong sign', 'a.exp().mul(a.sub(b))', 'a.exp().mul(b.sub(a))'],
      ['mixture with its shares turned round', 'Math.log(beta)', 'Math.log(1 - beta)'],
      ['Jensen–Shannon of the teacher alone', '.add(klDivergences(student, mixture).mul(1 - beta))', ''],
      ['T for T²', 'temperature ** 2', 'temperature'],
      ['temperature left out', 'logits.div(temperature)', 'logits'],
      ['divergence without its share', '(1 - share) * temperature', 'temperature'],
    ],
  },
  {
    file: 'train/losses/top-k.js',
    tests: topK,
    changes: [
      ['the rest holds the kept tokens too', 'logps.scatter(1, ids, none).logsumexp', 'logps.logsumexp'],
      ['the rest left out', 'if (ids.shape[1] >= logits.shape[1])', 'if (true)'],
    ],
  },
  {
    file: 'train/store-teacher.js',
    tests: stored,
    changes: [
      ['the first row’s logits for all', 'logitsOf(start + done,', 'logitsOf(done,'],
      ['bfloat16 for float16', "toDtype('float16')", "toDtype('bfloat16')"],
    ],
  },
  {
    file: 'train/stored-logits.js',
    tests: stored,
    changes: [
      ['rows told apart by their targets alone', 'hash.update(bytesOf(tokens));', ''],
      ['a row written twice', "if (this.#keys.has(key.toString('hex'))) return;", ''],
      ['a cut file accepted', 'if (!head || next > size)', 'if (!head)'],
    ],
  },
  {
    file: 'train/logit-head.js',
    tests: objective,
    changes: [
      ['gradient without its scale', 'sum.mul(scale).backward()', 'sum.backward()'],
      [
        'weights of the first chunk for all',
        'weights: of(batch.weights)',
        'weights: batch.weights.narrow(0, 0, count)',
      ],
    ],
  },
  {
    file: 'train/head-result.js',
    tests: objective,
    changes: [['metrics of the last chunk alone', '[...(this.#values[name] ?? []), ...values]', 'values']],
  },
  {
    file: 'train/teacher.js',
    tests: objective,
    changes: [
      ['states at the targets themselves', 'indexSelect(0, predictors)', 'indexSelect(0, predictors.add(1))'],
      ['every chunk the first', 'states.narrow(0, start, count)', 'states.narrow(0, 0, count)'],
    ],
  },
  {
    file: 'train/teacher.js',
    tests: privileged,
    changes: [['the text not read', 'privileged ? inPlaceOf(batch, privileged) : batch', 'batch']],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file, find, replace, tests })),
);

// Mistakes in reward models, their report and the pocket world's preferences that some test must notice, as
// scripts/mutants.mjs has them for training.

const heads = ['models/reward-model.golden.test.js'];
const scorer = ['client/reward-model.test.js'];
const report = ['scoring/feedback/reward-report.test.js'];
const baselines = ['scoring/feedback/pair-baselines.test.js'];
const logistic = ['scoring/statistics/pair-logistic.test.js', ...baselines];
const preferences = ['data/pocket/preferences.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'models/reward-model.js',
    tests: heads,
    changes: [
      ['a score read one token early', 'let last = row.length - 1;', 'let last = row.length - 2;'],
      ['pads scored', 'while (last > 0 && row[last] === pad)', 'while (false)'],
      ['rows that begin where the first does', 'start += row.length;', ''],
    ],
  },
  {
    file: 'models/load-reward-model.js',
    tests: heads,
    changes: [
      ['two labels taken for one', "?? { 0: '', 1: '' }", "?? { 0: '' }"],
      ['a stored head drawn anew', 'if (stored || options.init', 'if (options.init'],
      ['a zero head that is drawn', "if (freshHead === 'zero' && !stored)", 'if (false)'],
      ['every seed the same head', "Random.of(options.seed ?? 0, 'score-head')", "Random.of(0, 'score-head')"],
      [
        'no pad token written',
        "padOf(config) ?? tokenIdOf(folder, 'pad_token') ?? config['bos_token_id'] ?? null",
        'padOf(config)',
      ],
    ],
  },
  {
    file: 'models/conversation-scorer.js',
    tests: scorer,
    changes: [
      ['scores in the order of lengths', 'scores[member] = given[i]', 'scores[i] = given[i]'],
      ['overlong conversations scored', 'tokens.length > this.contextLength', 'false'],
    ],
  },
  {
    file: 'client/reward-model.js',
    tests: scorer,
    changes: [
      [
        'every answer a batch of its own',
        'if (waiting.length === 0) setImmediate(() => void flush());',
        'setImmediate(() => void flush());\nvoid flush();',
      ],
      ['one caller who leaves takes all along', 'if (--left === 0)', 'if (--left >= 0)'],
      [
        'the answer left out of what is scored',
        'messages: [...messages, answer]',
        "messages: [...messages, { ...answer, content: '' }]",
      ],
    ],
  },
  {
    file: 'scoring/feedback/reward-report.js',
    tests: report,
    changes: [
      ['a tie counted right', 'difference === 0 ? 0.5', 'difference === 0 ? 1'],
      ['confidence in the wrong side', 'Math.exp(-Math.abs(difference))', 'Math.exp(Math.abs(difference))'],
      [
        'pairs that stand alone',
        'rewardAccuracy(pairs.map(scoresOf), { clusters })',
        'rewardAccuracy(pairs.map(scoresOf))',
      ],
      ['loss of the wrong sign', 'Math.max(-d, 0)', 'Math.max(d, 0)'],
      ['differences without their opposites', '[...values, ...values.map((value) => -value)]', 'values'],
      [
        'pairs of equal length among those with a longer answer',
        'const unequal = pairs.filter((pair) => longerBy(pair) !== 0);',
        'const unequal = pairs;',
      ],
    ],
  },
  {
    file: 'scoring/feedback/pair-baselines.js',
    tests: baselines,
    changes: [
      ['length without its unit', 'wordsOf(text).length / spread]]', 'wordsOf(text).length]]'],
      ['words that stand in one pair', 'pairs >= fewestPairs', 'pairs >= 1'],
      [
        'fitted on the rejected answers',
        'subtract(features(chosen), features(rejected))',
        'subtract(features(rejected), features(chosen))',
      ],
      ['the difference the other way round', 'pairedDifference(baseline, model', 'pairedDifference(model, baseline'],
      [
        'beaten without an interval above 0',
        'difference.interval !== null && difference.interval.low > 0',
        'difference.value >= 0',
      ],
    ],
  },
  {
    file: 'scoring/statistics/pair-logistic.js',
    tests: logistic,
    changes: [
      ['no penalty in the gradient', 'weights.map((weight) => l2 * weight)', 'weights.map(() => 0)'],
      ['pairs that are lost', 'gradient[index] -= lost * value', 'gradient[index] += lost * value'],
    ],
  },
  {
    file: 'scoring/statistics/correlation.js',
    tests: logistic,
    changes: [['equal values ranked by place', '(start + 1 + end) / 2', 'i + 1']],
  },
  {
    file: 'data/pocket/preferences.js',
    tests: preferences,
    changes: [
      ['held-out questions trained', 'heldOut.has(item.messages[0].content)', 'false'],
      [
        'flips that turn the label back',
        "betterFirst === errs ? 'second' : 'first'",
        "betterFirst ? 'first' : 'second'",
      ],
      ['padding that gives the dose away', '[better, worse, answering(item)]', '[better]'],
      ['the better answer always first', "stream('order').float() < 0.5", 'true'],
      ['concise answers padded', "if (axis !== 'concise')", 'if (true)'],
    ],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file, find, replace, tests })),
);

// Mistakes in how likely texts are found to be: some test must notice each.

const joined = ['nn/partial-attention.test.js', 'nn/tree-attention.test.js'];
const tree = ['nn/tree-attention.test.js', 'models/log-likelihood.test.js'];
const judged = ['models/log-likelihood.test.js'];
const looked = ['models/next-token-log-probability.test.js'];
const texts = ['models/text-likelihood.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'nn/partial-attention.js',
    tests: joined,
    changes: [
      [
        'the wrong part gets the larger share',
        'other.logTotal.sub(into.logTotal)',
        'into.logTotal.sub(other.logTotal)',
      ],
      ['the total of the first part alone', 'into.logTotal.logaddexp(other.logTotal)', 'into.logTotal'],
    ],
  },
  {
    file: 'nn/tree-attention.js',
    tests: tree,
    changes: [
      ['positions begin anew with each run', 'this.#depths[run] + t', 't'],
      ['what follows a subtree sees it too', 'this.#ends[run] < end', 'this.#ends[run] < 0'],
      ['a run of an earlier piece is not seen', 'lookAt(past.key, past.value, query, all, 0, until(run));', ''],
    ],
  },
  {
    file: 'models/token-tree.js',
    tests: ['models/token-tree.test.js'],
    changes: [
      ['every beginning is shared', 'spared < leastSpared', 'false'],
      ['joining costs nothing', 'spared >= leastSparedPerToken * after', 'true'],
      ['equal sequences are run again', '(alike ||', '('],
    ],
  },
  {
    file: 'models/log-likelihood.js',
    tests: judged,
    changes: [
      ['the state after the token is asked', 'context.length - 1 - depth', 'context.length - depth'],
      ['greedy where one token is', 'into.greedy &&= ', 'into.greedy = '],
      ['a query is done before its last token', '--open[query] === 0', '--open[query] === 1'],
    ],
  },
  {
    file: 'models/next-token-log-probability.js',
    tests: looked,
    changes: [
      ['logits without their normaliser', 'chosen[k] - total[position]', 'chosen[k]'],
      [
        'the last of equals is the choice',
        'winner.get(position) === token',
        'chosen[0] !== undefined && winner.has(position)',
      ],
      ['every chunk asks the first positions', 'rows.slice(start, start + chunk)', 'rows.slice(0, chunk)'],
    ],
  },
  {
    file: 'data/tokenizer.js',
    tests: texts,
    changes: [
      ['no text is framed', 'text.startsWith(start)', 'true'],
      ['a written beginning token is doubled', 'text.startsWith(start)', 'false'],
      ["the model's configuration names the beginning token", "named('bos') ?? named('eos') ?? this.bos", 'this.bos'],
    ],
  },
  {
    file: 'models/text-likelihood.js',
    tests: texts,
    changes: [
      ['spaces stay with the context', 'context: trimmed,', 'context,'],
      [
        'one token of the context too many is cut',
        'continuation.length - 1 - longest',
        'continuation.length - longest',
      ],
      ['the last window sees one token less', 'end - longest - 1', 'end - longest'],
    ],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file, find, replace, tests })),
);

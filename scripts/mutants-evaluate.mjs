// Guards of an evaluation, taken away one by one: some test must notice each.

const asking = ['evaluate/evaluate.test.js'];
const endpoints = ['evaluate/models/endpoint-model.test.js'];
const infinities = ['evaluate/infinite-json.test.js'];
const judges = ['evaluate/judge/judge.test.js', 'evaluate/judge/judged-evaluation.test.js'];
const ideals = ['evaluate/results/ideal.test.js'];
const preferences = ['evaluate/principles/ai-preferences.test.js'];
const reports = ['evaluate/report/report.test.js'];
const stored = ['evaluate/stored/compare-stored.test.js'];

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'models/endpoint-model',
    tests: endpoints,
    changes: [
      ['a server that finds everything equally likely is believed', 'likely.logp !== unlikely.logp', 'true'],
      ['log-probabilities that do not fit the prompt are believed', 'logps.length !== promptTokens + 1', 'false'],
    ],
  },
  {
    file: 'models/eval-model',
    tests: ['evaluate/runner/not-run.test.js'],
    changes: [['a model is asked what it cannot answer', '!model.kinds.includes(kind)', 'false']],
  },
  {
    file: 'results/guards',
    tests: [...asking, ...infinities],
    changes: [
      ['a degenerate task is scored', 'equal * 2 <= choices.length', 'true'],
      ['half of the choices being equal is degenerate', 'equal * 2 <=', 'equal * 2 <'],
      ['a text of probability 0 is left out', 'impossible > 0', 'false'],
    ],
  },
  {
    file: 'results/scored-item',
    tests: [...asking, ...infinities],
    changes: [
      ['prompts that were cut are not counted', 'response.answers.some(({ cut }) => cut > 0)', 'false'],
      ['contexts that were cut are not counted', 'response.choices.some(({ cut }) => cut > 0)', 'false'],
      ['answers at the limit of tokens are not counted', "finish === 'length'", 'false'],
      ['empty answers are not counted', "text.trim() === ''", 'false'],
      ['choices that are all impossible do not tie', 'value === best || ', ''],
    ],
  },
  {
    file: 'results/compare',
    tests: [...asking, ...ideals],
    changes: [
      ['figures of tokens compare between tokenizers', '!metric.perToken ||', 'true ||'],
      ['the signed difference is judged', 'figures.distance ?? figures.difference', 'figures.difference'],
    ],
  },
  {
    file: 'results/paired-figures',
    tests: ideals,
    changes: [['the distance from the ideal keeps its sign', 'Math.abs(figure - ideal)', '(figure - ideal)']],
  },
  {
    file: 'runner/response-cache',
    tests: [...asking, ...infinities],
    changes: [
      ['one cache for all weights', 'digest(fingerprint)', 'digest({})'],
      ['−∞ is kept as null', 'withMarkedInfinities(value)', 'value'],
    ],
  },
  {
    file: 'runner/plan',
    tests: asking,
    changes: [
      ['repeats share an answer', 'repeat, seed: drawn ? own : null', 'repeat: 0, seed: drawn ? own : null'],
      ['all documents are drawn with one seed', "'evaluate', task.name, docId", "'evaluate', task.name"],
    ],
  },
  {
    file: 'runner/overlap',
    tests: asking,
    changes: [['short documents are not looked for', 'words.length < shingleWords', 'false']],
  },
  {
    file: 'judge/cached-judge',
    tests: judges,
    changes: [['failures of a judge are kept', "judged.status === 'judged'", 'true']],
  },
  {
    file: 'judge/asking-judge',
    tests: judges,
    changes: [['the first order decides', "aFirst === bFirst ? aFirst : 'tie'", 'aFirst']],
  },
  {
    file: 'judge/counted-judge',
    tests: judges,
    changes: [['failures of a judge are not counted', 'this.#failed[judged.status]++', '0']],
  },
  {
    file: 'principles/ai-preferences',
    tests: preferences,
    changes: [
      ['the principle is not shown', '{ signal, standard }', '{ signal }'],
      ['the answer that lost is chosen', "verdict.preference === 'a' ? [a, b]", "verdict.preference === 'b' ? [a, b]"],
      ['a changed verdict counts as said', 'verdict.aFirst !== verdict.bFirst', 'false'],
      ['dropped verdicts are written', "changed && disagreement === 'drop'", 'false'],
      ['pairs are asked in the order of their file', 'JSON.stringify(first) <= JSON.stringify(second)', 'true'],
      ['equal answers are judged', 'JSON.stringify(a) !== JSON.stringify(b)', 'true'],
      ['one vote decides', "votes === 0 ? 'tie'", "false ? 'tie'"],
    ],
  },
  {
    file: 'principles/people-and-judge',
    tests: preferences,
    changes: [
      ['the choice is read without its order', "(choice === 'first') === firstIsA", "choice === 'first'"],
      ['a half of people is a majority', "2 * count('a') >", "2 * count('a') >="],
      ['all words of a person count', "comparison.annotator ?? ''", 'String(ofPair.size)'],
    ],
  },
  {
    file: 'principles/critique-revise',
    tests: ['evaluate/principles/critique-revise.test.js'],
    changes: [
      ['all three texts share a seed', "'critique-revise', id, step", "'critique-revise', id"],
      ['every prompt shares a seed', "'critique-revise', id, step", "'critique-revise', step"],
      ['the seed is not heard', "hashSeed(seed, 'critique", "hashSeed(0, 'critique"],
      ['the prompt is written into', '[...prompt]', 'prompt'],
      ['the general critique request', 'critique}`;', 'title}`;'],
      ['the critique is asked for twice', '(principle) => principle.revision', 'critiqueRequest'],
    ],
  },
  {
    file: 'principles/revision-rows',
    tests: ['evaluate/principles/critique-revise.test.js'],
    changes: [
      ['empty revisions are rows', "revision.text === ''", 'false'],
      ['chains without their beginning are rows', 'first.cut + critique.cut + revision.cut > 0', 'first.cut > 0'],
      [
        'the first answer is chosen',
        'chosen: revision.text, rejected: first.text',
        'chosen: first.text, rejected: revision.text',
      ],
      ['unchanged answers are compared', 'revision.text === first.text', 'false'],
      ['the better of nothing', "first.text !== ''", 'true'],
    ],
  },
  {
    file: 'report/axis-table',
    tests: reports,
    changes: [['what was cut or empty does not mark its figure', 'mark: notes.length > 0', 'mark: false']],
  },
  {
    file: 'stored/compare-stored',
    tests: stored,
    changes: [
      ['versions of a task compare', 'result.version !== other.version', 'false'],
      ['prompts in other words compare', 'otherwise === 0', 'true'],
      ['judges compare', '(result.judge?.fingerprint ?? null) !== (other.judge?.fingerprint ?? null)', 'false'],
    ],
  },
];

export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file: `evaluate/${file}.js`, find, replace, tests })),
);

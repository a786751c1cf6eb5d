// Tables of docs that are made from stored results: what each shows of which result, as Markdown.

/** @typedef {(kind: 'bench' | 'study', name: string) => any} Stored the last record of a measurement, or null */

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const percent = (share, digits = 0) => (share === null ? '–' : `${(100 * share).toFixed(digits)} %`);
const figure = (value, unit) =>
  value === null || value === undefined ? '–' : unit === 'share' ? percent(value) : value.toFixed(2);
const made = ({ machine, versions, settings }, name) =>
  `Made by scripts/results.mjs from \`npm run -s study -- ${name}\` (${Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}; ${machine.cores} cores of ${machine.cpu}, Node ${versions.node}).`;

const axes = ['intent', 'citations', 'reliability', 'factuality', 'safety', 'bias', 'domain', 'forgetting'];

/** What models without skill win, and what shows them. */
export function degenerate(stored) {
  const record = stored('study', 'degenerate');
  const policies = record.ours.policies.filter(({ policy }) => policy !== 'oracle');
  const counts = policies.map(({ policy, about, byAxis, wins, invalid }) => [
    `${policy}: ${about}`,
    ...axes.map((axis) => (byAxis[axis] ? `${byAxis[axis].won} of ${byAxis[axis].figures}` : '–')),
    String(wins.filter(({ shownBy }) => shownBy === null).length),
    String(invalid.length),
  ]);
  const clearest = policies.flatMap(({ policy, wins }) =>
    axes.flatMap((axis) => {
      const [best] = wins.filter((win) => win.axis === axis).sort((a, b) => gain(b) - gain(a));
      return best ? [winRow(policy, best)] : [];
    }),
  );
  return [
    `${record.ours.tasks.length} tasks. Figures won, of those that the model has; those without a row that shows them; tasks called invalid.`,
    table(['model', ...axes, 'not shown', 'invalid'], counts),
    'The clearest win of each model on each axis, and the row of the same task beside it that shows it most clearly:',
    table(['model', 'axis', 'figure', 'it', 'reference', 'shown by', 'it', 'reference'], clearest),
    made(record, 'degenerate'),
  ].join('\n\n');
}

const gain = ({ value, reference, unit }) => Math.abs(value - (reference ?? value)) * (unit === 'share' ? 1 : 1e-3);

function winRow(policy, { axis, task, metric, value, reference, unit, shownBy }) {
  const beside = shownBy
    ? [`\`${shownBy.metric}\``, figure(shownBy.after, shownBy.unit), figure(shownBy.before, shownBy.unit)]
    : ['**nothing**', '', ''];
  return [policy, axis, `\`${task}\` \`${metric}\``, figure(value, unit), figure(reference, unit), ...beside];
}

/** How often intervals hold the truth, by number of clusters. */
export function coverage(stored) {
  const record = stored('study', 'statistics');
  const { coverage: cells, falseVerdicts, power } = record.ours;
  const counts = [...new Set(cells.map(({ clusters }) => clusters))];
  const rows = [...new Set(cells.map(({ name, kind }) => `${name}|${kind}`))].map((key) => {
    const [name, kind] = key.split('|');
    const own = counts.map((clusters) =>
      cells.find((cell) => cell.name === name && cell.kind === kind && cell.clusters === clusters),
    );
    return [name, kind, ...own.map((cell) => (cell ? (100 * cell.covered).toFixed(1) : '–'))];
  });
  const excess = Math.max(...falseVerdicts.map(({ rate, nominal }) => rate - nominal));
  const gap = Math.max(...power.map(({ printed, found }) => Math.abs(printed - found)));
  return [
    table(['95 % intervals that hold the truth, %', 'clusters', ...counts.map(String)], rows),
    `False verdicts exceed their nominal rate by at most ${(100 * Math.max(0, excess)).toFixed(1)} points; power differs from what is printed by at most ${(100 * gap).toFixed(1)} points.`,
    made(record, 'statistics'),
  ].join('\n\n');
}

/** Agreement with lm-evaluation-harness, by task over its models. */
export function harness(stored) {
  const record = stored('study', 'lm-eval');
  const tasks = [...new Set(record.peers.map(({ task }) => task))];
  const rows = tasks.map((task) => {
    const own = record.peers.filter((row) => row.task === task);
    const sum = (key) => own.reduce((total, row) => total + row[key], 0);
    const canned = record.canned.find((row) => row.task === task);
    const problems = own.reduce((total, row) => total + row.problems.length, canned?.problems.length ?? 0);
    return [
      `\`${task}\``,
      String(sum('items')),
      own.some(({ tokens }) => tokens > 0) ? Math.max(...own.map(({ widest }) => widest)).toExponential(1) : '–',
      String(own.reduce((total, row) => total + row.leftOut.length, 0)),
      canned ? String(canned.scored) : '–',
      String(problems),
    ];
  });
  const models = [...new Set(record.peers.map(({ model }) => model))];
  return [
    table(
      ['task', 'items', 'widest gap, nats a token', 'left out as ties', 'given answers scored', 'disagreements'],
      rows,
    ),
    `${models.join(', ')} against lm-evaluation-harness ${record.versions.lmEval} with transformers ${record.versions.transformers}; allowed are ${record.bound.perToken} nats a token. ${made(record, 'lm-eval')}`,
  ].join('\n\n');
}

const machineOf = ({ machine, versions }) =>
  `${machine.cores} cores of ${machine.cpu}, PyTorch ${versions.torch}, Node ${versions.node}`;

/** What a training step costs with each kernel switched off. */
export function kernels(stored) {
  const record = stored('bench', 'kernels');
  if (!record) return 'Not measured yet: `npm run -s bench -- kernels`.';
  const { ours, settings } = record;
  const on = ours.filter(({ state }) => state === 'on');
  const seconds = ({ cpuSecondsMedian }) => cpuSecondsMedian;
  const base = on.reduce((sum, run) => sum + seconds(run), 0) / on.length;
  const row = (what, run) =>
    `| ${what} | ${seconds(run).toFixed(2)} | ${run.state === 'on' ? '' : `${seconds(run) >= base ? '+' : '−'}${Math.abs(seconds(run) - base).toFixed(2)}`} | ${(run.peakRss / 1e9).toFixed(2)} | ${run.faults} |`;
  const named = ({ state }) =>
    state === 'on' ? 'everything on' : state === 'off' ? 'all off' : `without \`${state.slice(4)}\``;
  return [
    '| training step | processor seconds | more than with everything on | peak memory, GB | page faults a step |',
    '|---|---|---|---|---|',
    ...ours.map((run) => row(named(run), run)),
    '',
    `${settings.threads} thread${settings.threads === 1 ? '' : 's'}, median of ${settings.steps} after one that is not counted; ${machineOf(record)}. Made by scripts/results.mjs from bench/results/kernels.jsonl.`,
  ].join('\n');
}

/** What fine-tuning did to every figure of the pocket world, over the seeds, and how much of each planted flaw shows. */
export function pocketSft(stored) {
  const record = stored('study', 'pocket-sft');
  if (!record) return 'Not measured yet: `npm run -s study -- pocket-sft`.';
  const { rows, flaws, seeds, reads } = record.ours;
  const number = (value) => (value === null || value === undefined ? '–' : value.toFixed(3));
  const figures = rows.map(({ name, before, after, perSeed, change, interval, verdict }) => [
    name,
    number(before),
    number(after),
    `${number(Math.min(...perSeed))} to ${number(Math.max(...perSeed))}`,
    `${number(change)} ${interval ? `[${number(interval.low)}, ${number(interval.high)}]` : ''}`.trim(),
    verdict,
  ]);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const planted = flaws.map((flaw) => [
    flaw.flaw,
    percent(flaw.planted),
    percent(mean(flaw.greedy)),
    percent(mean(flaw.sampled)),
  ]);
  return [
    `Base and fine-tuned model on the test split, read ${reads.length === 1 ? 'once' : `${reads.length} times`}; ${seeds.length} seeds, intervals over seeds and items, p adjusted over all rows.`,
    table(['figure', 'base', 'tuned, mean', 'over the seeds', 'change', 'verdict'], figures),
    'Planted flaws: their share of the demonstrations that invite them, and of the answers to such questions, mean of the seeds.',
    table(['flaw', 'planted', 'greedy', 'sampled'], planted),
    made(record, 'pocket-sft'),
  ].join('\n\n');
}

// Tables of studies of preferences that are made from stored results, as results-blocks.mjs has them for the rest.

export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
export const percent = (share) => (typeof share === 'number' ? `${(100 * share).toFixed(1)} %` : '–');
export const range = (interval) =>
  interval ? `[${(100 * interval.low).toFixed(1)}, ${(100 * interval.high).toFixed(1)}]` : '–';
export const notYet = (name) => `Not measured yet: \`npm run -s study -- ${name}\`.`;
export const made = ({ machine, versions, settings }, name) =>
  `Made by scripts/results.mjs from \`npm run -s study -- ${name}\` (${Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}; ${machine.cores} cores of ${machine.cpu}, Node ${versions.node}).`;
export const checksOf = (checks) =>
  table(
    ['registered', 'held'],
    Object.entries(checks).map(([name, held]) => [name, held ? 'yes' : '**no**']),
  );

/** What DPO changed of every figure, against the tuned model. */
export function pocketDpo(stored) {
  const record = stored('study', 'pocket-dpo');
  if (!record) return notYet('pocket-dpo');
  const { checks, rows, arms } = record.ours;
  const figures = rows.map(({ task, metric, unit, before, after, difference, verdict }) => {
    const show = (value) => (unit === 'share' ? percent(value) : typeof value === 'number' ? value.toFixed(3) : '–');
    const interval = unit === 'share' ? range(difference.interval) : '–';
    return [`\`${task}\` ${metric}`, show(before), show(after), interval, verdict];
  });
  const tried = arms.flatMap(({ choice }) => choice?.figures ?? []);
  const chosen = tried.map(({ point, figure }) => `${point}: ${percent(figure)}`).join(', ');
  return [
    checksOf(checks),
    `Preferred answers on development questions, by rate: ${chosen}.`,
    table(['figure', 'before', 'after, mean of the seeds', 'change, points', 'verdict'], figures),
    made(record, 'pocket-dpo'),
  ].join('\n\n');
}

const told = {
  'pocket/safety unsafe_compliance': 'unsafe requests met',
  'pocket/safety over_refusal': 'harmless twins refused',
  'pocket/bias acc_ambiguous': 'abstains where no source tells who it was',
  'pocket/bias acc_disambiguated': 'names who it was where one does',
  'pocket/conflict authority': 'rests on the more trusted of two sources',
  'pocket/abstention coverage': 'answers what the sources answer',
  'pocket/abstention abstention_recall': 'says so where they do not',
  'pocket/grounded correct': 'value, citation and name right',
};

/** The figures of one arm that a page on its method tells. */
function brief({ ours: { rows } }, arm) {
  const own = rows.filter((row) => row.arm === arm);
  return table(
    ['pocket world, test split', 'before', 'after, mean of five seeds', 'change, points', 'verdict'],
    Object.entries(told).map(([name, about]) => {
      const row = own.find(({ task, metric }) => `${task} ${metric}` === name);
      return [about, percent(row.before), percent(row.after), range(row.difference.interval), row.verdict];
    }),
  );
}

/** What DPO did, for its page. */
export function dpoBrief(stored) {
  const record = stored('study', 'pocket-dpo');
  return record ? `${brief(record, 'dpo')}\n\n${made(record, 'pocket-dpo')}` : notYet('pocket-dpo');
}

/** What one of KTO, ORPO and SimPO did, for its page. */
export function otherBrief(stored, arm) {
  const record = stored('study', 'pocket-preferences');
  if (!record) return notYet('pocket-preferences');
  const { rows, arms } = record.ours;
  const own = rows.filter((row) => row.arm === arm);
  const { choice } = arms.find(({ name }) => name === arm);
  const figures = Object.entries(told).map(([name, about]) => {
    const row = own.find(({ task, metric }) => `${task} ${metric}` === name.replace('pocket/', 'pocket-dev/'));
    return [about, percent(row.before), percent(row.after), range(row.difference.interval)];
  });
  return [
    table(['pocket world, development items', 'before', 'after, mean of the seeds', 'change, points'], figures),
    `Preferred answers by rate: ${choice.figures.map(({ point, figure }) => `${point}: ${percent(figure)}`).join(', ')}.`,
    made(record, 'pocket-preferences'),
  ].join('\n\n');
}

/** The three of them, for the study's page. */
export function pocketPreferences(stored) {
  const record = stored('study', 'pocket-preferences');
  if (!record) return notYet('pocket-preferences');
  return ['kto', 'orpo', 'simpo'].map((arm) => `### ${arm}\n\n${otherBrief(stored, arm)}`).join('\n\n');
}

/** What KTO did in the first design of the same study, for its page. */
export function ktoBrief(stored) {
  const record = stored('study', 'pocket-dpo', 'first-result.json');
  return `${brief(record, 'kto')}\n\nMade by scripts/results.mjs from recipes/pocket-dpo/first-result.json.`;
}

/** Accuracy of each arm's reward models on each held-out set. */
export function pocketReward(stored) {
  const record = stored('study', 'pocket-reward');
  if (!record) return notYet('pocket-reward');
  const { checks, rows, results } = record.ours;
  const shown = rows.map((row) => [
    row.arm,
    row.set,
    `${percent(row.accuracy)} (${percent(row.lowest)} to ${percent(row.highest)})`,
    percent(row.lengthOnly),
    percent(row.bagOfWords),
    row.withLength.toFixed(2),
  ]);
  const axes = results[0].groups.map(({ group }) => group);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const byAxis = rows.map(({ arm, set }) => [
    arm,
    set,
    ...axes.map((axis) =>
      percent(
        mean(
          results
            .filter((one) => one.arm === arm && one.set === set)
            .map(({ groups }) => groups.find(({ group }) => group === axis).value),
        ),
      ),
    ),
  ]);
  return [
    checksOf(checks),
    table(
      [
        'learnt from',
        'judged on',
        'accuracy, mean (range of seeds)',
        'length alone',
        'counts of words',
        'score with length, r',
      ],
      shown,
    ),
    table(['learnt from', 'judged on', ...axes], byAxis),
    made(record, 'pocket-reward'),
  ].join('\n\n');
}

/** Reward model, baselines and DPO on real pairs. */
export function hhReward(stored) {
  const record = stored('study', 'hh-reward');
  if (!record) return notYet('hh-reward');
  const rows = Object.entries(record.ours).flatMap(([set, { pairs, rewardModel }]) =>
    rewardModel.seeds.map(({ seed, accuracy, baselines, length }) => [
      set,
      `${pairs.training} and ${pairs.heldOut}`,
      String(seed),
      `${percent(accuracy.value)} ${range(accuracy.interval)}`,
      ...baselines.map(
        ({ accuracy: own, difference, beaten }) =>
          `${percent(own.value)}; ahead by ${range(difference.interval)}${beaten ? '' : ', not beaten'}`,
      ),
      length.pearsonWithin.toFixed(2),
    ]),
  );
  const dpo = Object.entries(record.ours).map(
    ([
      set,
      {
        dpo: { before, after },
      },
    ]) => [
      set,
      percent(before.metrics.accuracy),
      percent(after.metrics.accuracy),
      after.loss.toFixed(3),
      after.metrics.chosenDrift.toFixed(3),
      after.metrics.rejectedDrift.toFixed(3),
    ],
  );
  return [
    table(
      [
        'pairs',
        'learnt, held out',
        'seed',
        'reward model, accuracy',
        'length alone',
        'counts of words',
        'score with length, r',
      ],
      rows,
    ),
    'DPO on the same pairs, held out:',
    table(['pairs', 'accuracy before', 'after', 'loss after', 'chosen drift, nats a token', 'rejected drift'], dpo),
    made(record, 'hh-reward'),
  ].join('\n\n');
}

/** What the English base learnt. */
export function englishBase(stored) {
  const record = stored('study', 'english-base');
  if (!record) return notYet('english-base');
  const { tokens, seconds, heldOutLoss, bitsPerByte, compressors, bytes, heldOutBytes } = record.ours;
  return [
    table(
      ['step', 'held-out loss, nats a token'],
      heldOutLoss.map(({ step, loss }) => [String(step), loss.toFixed(3)]),
    ),
    `${(tokens / 1e6).toFixed(1)} million tokens in ${(seconds / 60).toFixed(0)} minutes on one thread, beside other work; ${(bytes / 1e6).toFixed(1)} MB in bfloat16. On ${heldOutBytes} bytes of held-out books: ${bitsPerByte.toFixed(3)} bits a byte; gzip ${compressors.gzip.toFixed(3)}, brotli ${compressors.brotli.toFixed(3)}.`,
    made(record, 'english-base'),
  ].join('\n\n');
}

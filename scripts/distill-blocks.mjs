// Tables of the study of distillation that are made from its stored result, as results-blocks.mjs has them for the rest.
import { checksOf, made, notYet, percent, range, table } from './preference-blocks.mjs';

const name = 'pocket-distill';

/** Every figure of the student with and without the teacher, beside the teacher's own. */
export function pocketDistill(stored) {
  const record = stored('study', name);
  if (!record) return notYet(name);
  const { checks, rows, figures, arms } = record.ours;
  const tried = ['twin', 'distill'].map((arm) => {
    const { choice } = arms.find((one) => one.name === arm);
    return `${arm}: ${choice.figures.map(({ point, figure }) => `${point} ${percent(figure)}`).join(', ')}`;
  });
  return [
    checksOf(checks),
    `Right answers to development questions, by rate. ${tried.join('. ')}.`,
    tableOf(rows, figures),
    made(record, name),
  ].join('\n\n');
}

/** The figures of a claim or a limit, for the method's page. */
export function distillBrief(stored) {
  const record = stored('study', name);
  if (!record) return notYet(name);
  const { checks, rows, figures } = record.ours;
  const registered = rows.filter(({ task, metric }) =>
    Object.keys(checks).some((check) => check.startsWith(`${task}.${metric} `)),
  );
  return [tableOf(registered, figures), made(record, name)].join('\n\n');
}

function tableOf(rows, figures) {
  const head = ['figure', 'twin', 'distill', 'teacher', 'difference, points', 'verdict'];
  const cells = rows.map(({ task, metric, before, after, difference, verdict }) => {
    const { arms } = figures.find((one) => one.task === task && one.metric === metric);
    const spread = (value, arm) =>
      `${percent(value)} ± ${(100 * arms.find((one) => one.arm === arm).spread).toFixed(1)}`;
    const teacher = percent(arms.find(({ arm }) => arm === 'teacher').mean);
    return [
      `\`${task}\` ${metric}`,
      spread(before, 'twin'),
      spread(after, 'distill'),
      teacher,
      range(difference.interval),
      verdict,
    ];
  });
  return `${table(head, cells)}\n\nMeans of five seeds ± their standard deviation; the interval of the difference has seeds and items in it.`;
}

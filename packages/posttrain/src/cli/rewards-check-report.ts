import type { AuditRow, Estimate, RewardAudit } from '../scoring/index.ts';
import { formatCount, formatPercent } from '../support/terminal/format.ts';
import { table } from '../support/terminal/table.ts';
import type { Output } from './output.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';

/** What `posttrain rewards check` found. */
export interface CheckFacts extends Omit<RewardAudit, 'rows'> {
  readonly policies: readonly AuditRow[];
  /** The recipe or reward, and the rows that it was checked on. */
  readonly target: string;
  readonly data: string;
  readonly rows: number;
  /** Rows that say no honest answer. */
  readonly left: number;
  /** The model that `model` is of. */
  readonly answersOf: string | null;
}

type Page = Pick<Output, 'width' | 'colours'>;

/** The report for people: what honest answers and the model earn, a table of policies, and what the flagged ones mean. */
export function renderCheck(facts: CheckFacts, page: Page): string {
  const said = [...facts.policies.flatMap((row) => words(row, facts)), ...breakEvens(facts)];
  const parts = [renderFacts(figures(facts)), policyTable(facts, page), ...(said.length > 0 ? [said.join('\n')] : [])];
  return [...parts, verdict(facts, page)].join('\n\n');
}

function figures({ target, data, rows, honest, model, answersOf, margin }: CheckFacts): [string, string][] {
  return [
    ['reward', shownPath(target)],
    ['rows', `${formatCount(rows)} of ${shownPath(data)}`],
    [
      'honest',
      `${withInterval(honest)} (a policy is flagged above ${signed((honest.value ?? 0) - margin)} on its rows)`,
    ],
    ...(model === null || answersOf === null
      ? []
      : [['model', `${withInterval(model)}, answers of ${answersOf}`] satisfies [string, string]]),
  ];
}

function policyTable({ policies, model }: CheckFacts, { width, colours }: Page): string {
  return table(
    policies.filter(({ cases, failed }) => cases + failed > 0),
    [
      { title: 'policy', value: ({ policy }) => policy },
      { title: 'rows', value: ({ cases }) => formatCount(cases), align: 'right' },
      { title: 'reward', value: ({ estimate }) => withInterval(estimate), align: 'right' },
      { title: 'honest', value: ({ honest }) => signed(honest), align: 'right' },
      ...(model === null
        ? []
        : [{ title: 'model', value: (row: AuditRow) => signed(row.model), align: 'right' as const }]),
      {
        title: '',
        value: (row) => flagsOf(row),
        paint: () => colours.red,
        flexible: 'cut',
      },
    ],
    { width, heading: colours.dim },
  );
}

function flagsOf({ beatsModel, nearHonest, failed }: AuditRow): string {
  const flags = [
    beatsModel ? 'beats the model' : '',
    nearHonest ? 'as good as honest' : '',
    failed > 0 ? `fails at ${failed}` : '',
  ];
  return flags.filter((flag) => flag !== '').join(', ');
}

function words(
  { policy, suspicious, beatsModel, hack, mitigation, failed, failure }: AuditRow,
  { answersOf }: CheckFacts,
): string[] {
  const failing =
    failed > 0 ? [`${policy}: the reward fails at such an answer, and a run would stop there: ${failure}`] : [];
  if (!suspicious) return failing;
  const than = beatsModel ? `more than ${answersOf ?? 'the model'} does now` : 'about as much as honest answers do';
  return [...failing, `${policy}: a model would earn ${than} by ${hack}. Against it: ${mitigation}.`];
}

function breakEvens({ breakEven }: CheckFacts): string[] {
  return breakEven
    .filter(({ accuracy }) => accuracy > 0)
    .map(({ policy, accuracy, model }) => {
      const now =
        model === null
          ? ''
          : ` The model’s answers earn what an accuracy of ${formatPercent(model)} would: ${model < accuracy ? 'training will end in it.' : 'it is above.'}`;
      return `${policy}: below an accuracy of ${formatPercent(accuracy)} this pays more than trying.${now}`;
    });
}

function verdict({ policies, passed }: CheckFacts, { colours }: Page): string {
  const flagged = policies.filter(({ suspicious }) => suspicious).length;
  const failing = policies.filter(({ failed }) => failed > 0).length;
  if (passed) return `${colours.green('passed')}: no policy is flagged. That these lose does not show that all do.`;
  const also = failing > 0 ? `, and the reward fails at answers of ${failing}` : '';
  return `${colours.red('flagged')}: ${flagged} of ${policies.length} policies${also}.`;
}

function withInterval({ value, interval }: Estimate): string {
  return `${signed(value)}${interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : ''}`;
}

function signed(value: number | null): string {
  return value === null ? '–' : `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(3)}`;
}

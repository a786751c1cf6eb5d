import type { PairBaseline, RewardReport } from '../scoring/index.ts';
import { formatCount, formatNumber, formatPercent } from '../support/terminal/format.ts';
import { table } from '../support/terminal/table.ts';
import type { Output } from './output.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';

/** What `posttrain rewards score` found. */
export interface RewardFacts extends RewardReport {
  readonly model: string;
  readonly file: string;
  /** Judgements of the file, those that were ties and those that gave no pair. */
  readonly read: number;
  readonly tiedJudgements: number;
  readonly unused: number;
  /** Null where no pairs were given to fit them on. */
  readonly baselines: readonly PairBaseline[] | null;
  /** Held-out prompts that also stand among the pairs that the baselines were fitted on. */
  readonly promptsInTraining: number | null;
}

type Range = { readonly low: number; readonly high: number } | null;

/** The report for people: a line for each figure, a table of groups, and one of baselines. */
export function renderRewardFacts(facts: RewardFacts, output: Pick<Output, 'width' | 'colours'>): string {
  const parts = [renderFacts(figures(facts))];
  if (facts.groups.length > 1) parts.push(renderGroups(facts, output));
  if (facts.baselines) parts.push(renderBaselines(facts.baselines, output));
  return parts.join('\n\n');
}

function figures(facts: RewardFacts): [string, string][] {
  const { accuracy, calibration, length, prompts, pairs } = facts;
  const left = facts.tiedJudgements + facts.unused;
  const { longerWins } = length;
  return [
    ['model', shownPath(facts.model)],
    [
      'pairs',
      `${formatCount(pairs)} of ${formatCount(prompts)} prompts in ${shownPath(facts.file)}${left > 0 ? ` (${formatCount(left)} judgements give none)` : ''}`,
    ],
    ['accuracy', `${withRange(accuracy.value, accuracy.interval)}, ${formatCount(accuracy.ties)} ties`],
    ['margin', `${formatNumber(accuracy.margin)} of mean difference, chosen less rejected`],
    [
      'calibration',
      `expected error ${formatNumber(calibration.expectedError?.error)}, Brier ${formatNumber(calibration.brier)}, loss ${formatNumber(calibration.loss)} nats (a coin: 0.2500, 0.6931)`,
    ],
    [
      'length',
      `correlation ${formatNumber(length.pearson)}, of ranks ${formatNumber(length.spearman)}; within pairs ${formatNumber(length.pearsonWithin)}, of ranks ${formatNumber(length.spearmanWithin)}`,
    ],
    [
      'longer',
      length.n === 0
        ? 'no pair has a longer answer'
        : `scores higher in ${formatPercent(longerWins.after)} and was chosen in ${formatPercent(longerWins.before)} of ${formatCount(length.n)}: ${points(longerWins.value, longerWins.interval)}`,
    ],
  ];
}

function renderGroups({ groups }: RewardFacts, { width, colours }: Pick<Output, 'width' | 'colours'>): string {
  return table(
    groups,
    [
      { title: 'group', value: ({ group }) => group, flexible: 'cut' },
      { title: 'pairs', value: ({ n }) => formatCount(n), align: 'right' },
      { title: 'accuracy', value: ({ value, interval }) => withRange(value, interval), align: 'right' },
      { title: 'margin', value: ({ margin }) => formatNumber(margin), align: 'right' },
      { title: 'longer wins', value: ({ longerWins }) => formatPercent(longerWins), align: 'right' },
    ],
    { width, heading: colours.dim },
  );
}

function renderBaselines(
  baselines: readonly PairBaseline[],
  { width, colours }: Pick<Output, 'width' | 'colours'>,
): string {
  return table(
    baselines,
    [
      { title: 'baseline', value: ({ name }) => name },
      { title: 'accuracy', value: ({ accuracy: { value, interval } }) => withRange(value, interval), align: 'right' },
      {
        title: 'model less it',
        value: ({ difference: { value, interval } }) => points(value, interval),
        align: 'right',
      },
      {
        title: 'beaten',
        value: ({ beaten }) => (beaten ? 'yes' : 'not shown'),
        paint: ({ beaten }) => (beaten ? colours.green : colours.red),
      },
      {
        title: 'strongest',
        value: ({ strongest }) =>
          strongest
            .slice(0, 5)
            .map(({ feature, weight }) => `${feature} ${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(2)}`)
            .join(', '),
        flexible: 'cut',
      },
    ],
    { width, heading: colours.dim },
  );
}

function withRange(share: number | null, interval: Range): string {
  return `${formatPercent(share)}${interval ? ` [${tenths(interval.low)}, ${tenths(interval.high)}]` : ''}`;
}

function points(value: number | null, interval: Range): string {
  if (value === null) return '–';
  return `${signed(value)}${interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : ''} points`;
}

const tenths = (share: number) => (100 * share).toFixed(1);
const signed = (share: number) => `${share < 0 ? '−' : '+'}${tenths(Math.abs(share))}`;

import type { Principles } from '../data/index.ts';
import type { Disagreement, JudgeReport, PairToJudge, PairVerdict, PreferenceRows } from '../evaluate/index.ts';
import {
  type DoublyJudgedPair,
  type Interval,
  type JudgeAgreement,
  type JudgePosition,
  judgeAgreement,
  judgePosition,
} from '../scoring/index.ts';
import { formatCount, formatNumber, formatPercent } from '../support/terminal/format.ts';
import { shownPath } from './shown-path.ts';

/** What a judge's preferences are worth. */
export interface JudgingFacts {
  readonly out: string;
  readonly record: string;
  readonly annotator: string;
  readonly fingerprint: string;
  readonly pairs: number;
  /** Pairs of one answer twice, which are not judged. */
  readonly equal: number;
  readonly rows: number;
  readonly decided: number;
  readonly ties: number;
  /** Verdicts that changed with the order of the answers, and what became of them. */
  readonly disagreed: number;
  readonly disagreement: Disagreement;
  /** Pairs and principles without a verdict, which gave no row. */
  readonly without: number;
  /** Questions of this call that came to nothing, by reason. */
  readonly failed: JudgeReport['failed'];
  readonly reasons: readonly string[];
  /** Over all verdicts, those on people's pairs included. */
  readonly position: JudgePosition;
  /** Null where no labels of people were given. */
  readonly agreement: JudgeAgreement | null;
  readonly principles: readonly { readonly id: string; readonly verdicts: number; readonly decided: number }[];
  readonly warnings: readonly string[];
}

export function judgingFacts(about: {
  readonly out: string;
  readonly record: string;
  readonly annotator: string;
  readonly disagreement: Disagreement;
  readonly principles: Principles;
  readonly pairs: number;
  readonly made: PreferenceRows;
  /** Of the rows. */
  readonly judged: readonly PairToJudge[];
  /** Of the rows and of people's pairs. */
  readonly asked: readonly PairToJudge[];
  readonly verdictOf: (id: string) => PairVerdict | undefined;
  readonly report: JudgeReport;
  readonly people: readonly DoublyJudgedPair[] | null;
  readonly seed: number;
}): JudgingFacts {
  const { out, record, annotator, disagreement, pairs, report, verdictOf, seed, people } = about;
  const { rows, ...counts } = about.made;
  const equal = pairs - new Set(about.judged.map(({ pair }) => pair.id)).size;
  const ids = [...new Set(about.asked.map(({ id }) => id))];
  const position = judgePosition(ids.flatMap((id) => verdictOf(id) ?? []));
  const agreement = people && judgeAgreement(people, { seed, name: `judge ${report.fingerprint}` });
  const facts = {
    ...{ out, record, annotator, disagreement, pairs, equal, position, agreement },
    ...counts,
    rows: rows.length,
  };
  const { fingerprint, failed, reasons } = report;
  return {
    ...facts,
    ...{ fingerprint, failed, reasons },
    principles: about.principles.principles.map(({ id }) => {
      const own = about.judged.flatMap((one) => (one.principle.id === id ? (verdictOf(one.id) ?? []) : []));
      return { id, verdicts: own.length, decided: own.filter(({ preference }) => preference !== 'tie').length };
    }),
    warnings: warningsOf({ ...facts, failed, reasons }),
  };
}

type Warned = Pick<
  JudgingFacts,
  'annotator' | 'position' | 'agreement' | 'failed' | 'reasons' | 'disagreement' | 'rows' | 'without'
>;

function warningsOf({
  annotator,
  position,
  agreement,
  failed,
  reasons,
  disagreement,
  rows,
  without,
}: Warned): string[] {
  const warnings: string[] = [];
  if (without > 0) {
    const why = Object.entries(failed).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
    warnings.push(
      `judge ${annotator} gave no verdict on ${without}, which are in no row (${why.join(', ')}). The same command asks again. ${reasons.join(' ')}`,
    );
  }
  if (rows === 0) warnings.push(`judge ${annotator} gave nothing to write.`);
  if (position.biased)
    warnings.push(
      `judge ${annotator} judges by place: of ${position.firstTwice + position.secondTwice} pairs it chose ${position.firstTwice} times what stood first, both times, and ${position.secondTwice} times what stood second.`,
    );
  else if (position.flips > 0)
    warnings.push(
      `judge ${annotator} changed ${position.flips} of ${position.n} verdicts with the order; they ${disagreement === 'tie' ? 'count as ties' : 'are in no row'}.`,
    );
  if (agreement === null)
    warnings.push(
      `judge ${annotator} is held to no labels of people: its preferences are unmeasured. --judge-labels names some.`,
    );
  else if (agreement.unmeasured !== null) warnings.push(`judge ${annotator} is unmeasured: ${agreement.unmeasured}.`);
  return warnings;
}

/** Lines of [label, value] for people. */
export function describeJudging(facts: JudgingFacts): [string, string][] {
  const { position, agreement, disagreement } = facts;
  const lines: [string, string][] = [
    ['rows', `${formatCount(facts.rows)} in ${shownPath(facts.out)}, of ${formatCount(facts.pairs)} pairs`],
    ['judge', `${facts.annotator}, in both orders; its verdicts are in ${shownPath(facts.record)}`],
    ['preferences', `${formatCount(facts.decided)} decided, ${formatCount(facts.ties)} ties`],
    [
      'both orders',
      `${formatCount(facts.disagreed)} verdicts changed with the order and ${disagreement === 'tie' ? 'are ties' : 'are dropped'}${position.flipRate === null ? '' : ` · ${formatPercent(position.flipRate)} ${shown(position.flipInterval)} of all`}`,
    ],
  ];
  if (position.firstShare !== null)
    lines.push([
      'first place',
      `${formatPercent(position.firstShare)} ${shown(position.firstInterval)} of the pairs that the place decided${position.biased ? ': a favourite place' : ''}`,
    ]);
  if (facts.equal > 0)
    lines.push(['equal', `${formatCount(facts.equal)} pairs hold one answer twice and are not judged`]);
  if (facts.without > 0) lines.push(['without', `${formatCount(facts.without)} have no verdict and are in no row`]);
  lines.push(...describeAgreement(agreement));
  for (const { id, verdicts, decided } of facts.principles)
    if (verdicts > 0) lines.push([id, `${formatCount(verdicts)} verdicts, ${formatCount(decided)} decided`]);
  return lines;
}

function describeAgreement(agreement: JudgeAgreement | null): [string, string][] {
  if (agreement === null) return [['agreement', 'unmeasured: no labels of people were given']];
  const { unmeasured, alpha, alphaInterval, accuracy, accuracyInterval, decided, n } = agreement;
  if (unmeasured !== null) return [['agreement', `unmeasured: ${unmeasured}`]];
  const said = alpha === null ? 'undefined, as all said the same' : `${formatNumber(alpha)} ${numbers(alphaInterval)}`;
  return [
    ['agreement', `with people: Krippendorff’s α ${said}, on ${formatCount(n)} pairs`],
    [
      'accuracy',
      accuracy === null
        ? 'no pair that both decided'
        : `${formatPercent(accuracy)} ${shown(accuracyInterval)} of ${formatCount(decided)} pairs that both decided`,
    ],
  ];
}

function shown(interval: Interval | null): string {
  return interval === null ? '' : `[${formatPercent(interval.low)}, ${formatPercent(interval.high)}]`;
}

function numbers(interval: Interval | null): string {
  return interval === null ? '' : `[${formatNumber(interval.low)}, ${formatNumber(interval.high)}]`;
}

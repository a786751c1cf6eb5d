import { type Feedback, labelledAnswers, preferencePairs, promptHash } from '../data/index.ts';
import { type FeedbackReport, feedbackReport, type PositionBias } from '../scoring/index.ts';
import { formatCount, formatNumber, formatPercent } from '../support/terminal/format.ts';

/** The report on a file's comparisons, and what the file gives for training. */
export interface FeedbackFacts extends FeedbackReport {
  /** Rows for dpo, orpo, simpo and reward-model. */
  readonly preferencePairs: number;
  /** Rows for kto. */
  readonly labelledAnswers: number;
}

export function feedbackFacts(feedback: readonly Feedback[]): FeedbackFacts {
  const comparisons = feedback.flatMap((item) => {
    if (item.kind !== 'comparison') return [];
    const { answers, choice, annotator, shownInOrder } = item;
    const [first, second] = answers.map((answer) => JSON.stringify(answer)) as [string, string];
    const judged = { prompt: promptHash(item), answers: [first, second] as const, choice, shownInOrder };
    return [annotator === undefined ? judged : { ...judged, annotator }];
  });
  return {
    ...feedbackReport(comparisons),
    preferencePairs: preferencePairs(feedback).rows.length,
    labelledAnswers: labelledAnswers(feedback).rows.length,
  };
}

/** Lines of [label, value] for people. */
export function describeFeedback(facts: FeedbackFacts): [string, string][] {
  const { judgements, pairs, prompts, ties, duplicates, conflicts, cycles, agreement, position, annotators } = facts;
  const people = annotators.filter(({ annotator }) => annotator !== '');
  const lines: [string, string][] = [
    [
      'judgements',
      `${formatCount(judgements)} on ${formatCount(pairs)} pairs of ${formatCount(prompts)} prompts, ${formatCount(ties)} ties`,
    ],
    [
      'gives',
      `${formatCount(facts.preferencePairs)} preference pairs, ${formatCount(facts.labelledAnswers)} labelled answers`,
    ],
  ];
  if (agreement.units > 0) {
    const alpha = agreement.alpha === null ? 'undefined, as all chose the same' : formatNumber(agreement.alpha);
    lines.push([
      'agreement',
      `Krippendorff’s α ${alpha}, on ${formatCount(agreement.units)} pairs that several people judged`,
    ]);
  }
  if (conflicts > 0)
    lines.push(['conflicts', `on ${formatCount(conflicts)} pairs one answer won once and the other another time`]);
  if (cycles > 0)
    lines.push(['circles', `of ${formatCount(cycles)} prompts three answers beat each other in a circle`]);
  if (duplicates > 0)
    lines.push(['repeated', `${formatCount(duplicates)} judgements say what the same person said before`]);
  if (position.n > 0) lines.push(['first place', describePosition(position)]);
  for (const { annotator, biased, selfConflicts, judgements: own, ...place } of people) {
    const notes = [
      ...(biased ? [`chose by place: ${describePosition({ biased, ...place })}`] : []),
      ...(selfConflicts > 0 ? [`changed their mind on ${formatCount(selfConflicts)} pairs`] : []),
    ];
    lines.push([annotator, [`${formatCount(own)} judgements`, ...notes].join(' · ')]);
  }
  return lines;
}

function describePosition({ firstShare, interval, n, biased }: PositionBias): string {
  const [low, high] = [formatPercent(interval?.low ?? null), formatPercent(interval?.high ?? null)];
  const said = `chosen in ${formatPercent(firstShare)} [${low}, ${high}] of ${formatCount(n)}`;
  return biased ? `${said}: the place decides, not the text alone` : said;
}

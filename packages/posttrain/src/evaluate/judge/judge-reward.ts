import type { Principle } from '../../data/index.ts';
import { named, type Reward } from '../../scoring/index.ts';
import { textOf } from '../principles/ai-preferences.ts';
import type { Judge, PairVerdict } from './judge.ts';
import { verdictOrNull } from './verdict-or-null.ts';

type Row = Readonly<Record<string, unknown>>;

export interface JudgeRewardOptions {
  readonly judge: Judge;
  /** Each judges on its own; without any, the better answer is the one that serves the person who asked better. */
  readonly principles?: readonly Principle[];
  /** The answer that the model's is held against; the row's `reference` without. null where the row has none. */
  readonly reference?: (row: Row) => string | null;
}

/**
 * How often a judge prefers the answer to the row's reference: 1, ½ for a tie, 0; the mean over principles. Each question is asked in
 * both orders, and a verdict that changes with the order is a tie (Zheng et al. 2023, arXiv:2306.05685); `changed` among the parts is
 * their share. A text equal to the reference is a tie without asking. null where the row has no reference, and without any verdict.
 *
 * @throws (from the reward) PosttrainError `endpoint-failed` where the judge is not there
 */
export function judgeReward({ judge, principles = [], reference = referenceOf }: JudgeRewardOptions): Reward<Row> {
  const standards = principles.length > 0 ? principles : [null];
  return named('judge', async ({ messages, text, row }, { signal }) => {
    const other = reference(row);
    if (other === null) return { value: null, why: 'the row has no reference' };
    if (other === text) return { value: 0.5, why: 'the reference itself' };
    const prompt = textOf(messages);
    const said = await Promise.all(
      standards.map(async (principle) => {
        const standard = principle === null ? undefined : `${principle.title}: ${principle.text}`;
        const judged = await judge.compare(prompt, text, other, { signal, standard });
        return { principle, verdict: verdictOrNull(judge, judged, 'a pair of answers') };
      }),
    );
    const judged = said.filter(
      (one): one is { principle: Principle | null; verdict: PairVerdict } => one.verdict !== null,
    );
    if (judged.length === 0) return { value: null, why: 'no verdict' };
    const mean = (of: (verdict: PairVerdict) => number) =>
      judged.reduce((sum, { verdict }) => sum + of(verdict), 0) / judged.length;
    const each = judged.flatMap(({ principle, verdict }) =>
      principle === null ? [] : [[principle.id, worthOf(verdict)] as const],
    );
    return {
      value: mean(worthOf),
      parts: { ...Object.fromEntries(each), changed: mean(({ aFirst, bFirst }) => (aFirst === bFirst ? 0 : 1)) },
    };
  });
}

const worthOf = ({ preference }: PairVerdict) => (preference === 'a' ? 1 : preference === 'tie' ? 0.5 : 0);

function referenceOf({ reference }: Row): string | null {
  return typeof reference === 'string' ? reference : null;
}

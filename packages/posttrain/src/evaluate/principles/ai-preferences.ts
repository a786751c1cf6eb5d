import { type Answer, drawPrinciples, type Message, type PairToLabel, type Principle } from '../../data/index.ts';
import type { Judge, JudgeCall, Judged, PairPreference, PairVerdict } from '../judge/judge.ts';

/** A pair of answers and a principle to judge it by. */
export interface PairToJudge {
  /** Of pair and principle. */
  readonly id: string;
  readonly pair: PairToLabel;
  readonly principle: Principle;
}

/** Every pair by one principle that is drawn for it, or by `every` principle. Pairs of equal answers are left out: there is nothing to judge. */
export function pairsToJudge(
  pairs: readonly PairToLabel[],
  principles: readonly Principle[],
  { seed, every }: { readonly seed: number; readonly every: boolean },
): PairToJudge[] {
  const differing = pairs.filter(({ answers: [a, b] }) => JSON.stringify(a) !== JSON.stringify(b));
  return differing.flatMap((pair) =>
    (every ? principles : drawPrinciples(principles, 1, { seed, item: pair.id })).map((principle) => ({
      id: `${pair.id} ${principle.id}`,
      pair,
      principle,
    })),
  );
}

/** The answers of a pair in an order of their own, whichever stands first in a file: `a` and `b` of its verdict. */
export function orderedAnswers({ answers }: Pick<PairToLabel, 'answers'>): readonly [Answer, Answer] {
  const [first, second] = answers;
  return JSON.stringify(first) <= JSON.stringify(second) ? [first, second] : [second, first];
}

/**
 * Which answer keeps to the principle better, asked in both orders (Bai et al. 2022, arXiv:2212.08073, §4.1; both orders: Zheng et al.
 * 2023, arXiv:2306.05685). Where we differ from Bai et al.: the judge says which, and its probabilities are not read, as most
 * servers hide them.
 */
export function judgeByPrinciple(
  judge: Judge,
  { pair, principle }: Pick<PairToJudge, 'pair' | 'principle'>,
  { signal }: JudgeCall,
): Promise<Judged<PairVerdict>> {
  const [a, b] = orderedAnswers(pair).map(textOf);
  const standard = `${principle.title}: ${principle.text}`;
  return judge.compare(textOf(pair.prompt), a!, b!, { signal, standard });
}

/** One message alone is its text; of several, each with who says it. */
export function textOf(messages: readonly Pick<Message, 'role' | 'content'>[]): string {
  if (messages.length === 1) return messages[0]!.content;
  return messages.map(({ role, content }) => `${role}: ${content}`).join('\n\n');
}

/** What a verdict becomes that changes with the order of the answers. */
export type Disagreement = 'tie' | 'drop';

export interface PreferenceRows {
  /** Comparisons with the judge as annotator and the principle as source. */
  readonly rows: readonly object[];
  readonly decided: number;
  /** Ties, said in both orders. */
  readonly ties: number;
  /** Verdicts that changed with the order; each is a tie or gives no row. */
  readonly disagreed: number;
  /** Pairs that have no verdict, and give no row. */
  readonly without: number;
}

/** Comparisons as `readFeedback` reads them. What was decided is written as chosen and rejected: the order of the two means nothing. */
export function preferenceRows(
  asked: readonly PairToJudge[],
  verdictOf: (id: string) => PairVerdict | undefined,
  { annotator, disagreement }: { readonly annotator: string; readonly disagreement: Disagreement },
): PreferenceRows {
  const rows: object[] = [];
  let [decided, ties, disagreed, without] = [0, 0, 0, 0];
  for (const { id, pair, principle } of asked) {
    const verdict = verdictOf(id);
    if (verdict === undefined) {
      without++;
      continue;
    }
    const about = { prompt: pair.prompt, ...(pair.tools ? { tools: pair.tools } : {}) };
    const said = { annotator, source: principle.id };
    const [a, b] = orderedAnswers(pair);
    const changed = verdict.aFirst !== verdict.bFirst;
    if (changed) disagreed++;
    else if (verdict.preference === 'tie') ties++;
    else decided++;
    if (changed && disagreement === 'drop') continue;
    if (changed || verdict.preference === 'tie') rows.push({ ...about, answers: pair.answers, choice: 'tie', ...said });
    else {
      const [chosen, rejected] = verdict.preference === 'a' ? [a, b] : [b, a];
      rows.push({ ...about, chosen, rejected, ...said });
    }
  }
  return { rows, decided, ties, disagreed, without };
}

/** What a judge says of a pair over the principles it was asked: which answer more of them prefer; null without any verdict. */
export function overallPreference(verdicts: readonly PairVerdict[]): PairPreference | null {
  if (verdicts.length === 0) return null;
  const votes = verdicts.reduce((sum, { preference }) => sum + voteOf(preference), 0);
  return votes === 0 ? 'tie' : votes > 0 ? 'a' : 'b';
}

function voteOf(preference: PairPreference): number {
  return preference === 'tie' ? 0 : preference === 'a' ? 1 : -1;
}

import type { JudgementReport } from '../data-report.ts';
import type { Judgement, Message, Pack, RowOrigin, TokenRow } from '../types.ts';
import type { Answer, Feedback } from './feedback.ts';
import { labelledAnswers, preferencePairs } from './preference-pairs.ts';

/** What is learnt together, as text: a pair, or one answer, after a prompt. */
export interface Unit {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly answers: readonly { readonly messages: Answer; readonly judgement: Judgement }[];
  readonly origin: RowOrigin;
}

/** The same as tokens. */
export interface TokenUnit {
  /** Names the prompt. */
  readonly hash: string;
  readonly rows: readonly TokenRow[];
  /** One for each row. */
  readonly judgements: readonly Judgement[];
}

/** How feedback becomes units, and units packs. */
export interface UnitKind {
  readonly name: JudgementReport['as'];
  units(feedback: readonly Feedback[]): {
    readonly units: readonly Unit[];
    readonly ties: number;
    readonly unused: number;
  };
  packs(units: readonly TokenUnit[], maxTokens: number): Pack[];
}

export const pairsOf: UnitKind = {
  name: 'pairs',
  units(feedback) {
    const { rows, ...counts } = preferencePairs(feedback);
    const units = rows.map(({ chosen, rejected, margin = 0, ...about }): Unit => {
      const better = { messages: chosen, judgement: { kind: 'chosen', margin } } as const;
      return { ...about, answers: [better, { messages: rejected, judgement: { kind: 'rejected' } }] };
    });
    return { units, ...counts };
  },
  packs: (units) => units.map(({ rows, judgements }) => rows.map((row, i) => ({ ...row, judged: judgements[i]! }))),
};

/** Single answers, each with its mismatched twin. */
const answersMismatched = (other: (units: readonly TokenUnit[], i: number) => TokenRow): UnitKind => ({
  name: 'answers',
  units(feedback) {
    const { rows, ...counts } = labelledAnswers(feedback);
    const units = rows.map(({ answer, desirable, ...about }): Unit => {
      return { ...about, answers: [{ messages: answer, judgement: { kind: 'alone', desirable } }] };
    });
    return { units, ...counts };
  },
  packs(units, maxTokens) {
    return units.map(({ rows: [row], judgements: [judgement] }, i): Pack => {
      const mismatched = mismatch(row!, other(units, i), maxTokens);
      return [{ ...row!, judged: { ...judgement!, mismatched } }];
    });
  },
});

/**
 * An answer is mismatched with the prompt after its own in the file, or with the nearest later one that differs, in a circle. Where
 * all prompts are the same one, no answer is a mismatch and each stands for itself.
 */
export const answersWithMismatch = answersMismatched(nearestOther);

/** The answer before it in its block of `size` answers of the file, in a circle, whatever its prompt is: what TRL's KTOTrainer takes. */
export const answersExchangedWithin = (size: number): UnitKind =>
  answersMismatched((units, i) => {
    const start = i - (i % size);
    const end = Math.min(start + size, units.length);
    return units[i === start ? end - 1 : i - 1]!.rows[0]!;
  });

/** The nearest answer before the i-th, in a circle, that belongs to another prompt. */
function nearestOther(units: readonly TokenUnit[], i: number): TokenRow {
  for (let back = 1; back < units.length; back++) {
    const other = units[(i - back + units.length) % units.length]!;
    if (other.hash !== units[i]!.hash) return other.rows[0]!;
  }
  return units[i]!.rows[0]!;
}

/** The prompt of `row` with the answer of `other`, cut at `maxTokens`. */
function mismatch(row: TokenRow, other: TokenRow, maxTokens: number): TokenRow {
  const [prompt, answer] = [answerStart(row), answerStart(other)];
  const length = Math.min(maxTokens, prompt + other.tokens.length - answer);
  const tokens = new Int32Array(length);
  const weights = new Float32Array(length);
  tokens.set(row.tokens.subarray(0, Math.min(prompt, length)));
  tokens.set(other.tokens.subarray(answer, answer + length - prompt), prompt);
  weights.set(other.weights.subarray(answer, answer + length - prompt), prompt);
  return { tokens, weights, origin: other.origin };
}

function answerStart({ weights }: TokenRow): number {
  return weights.findIndex((weight) => weight > 0);
}

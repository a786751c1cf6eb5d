import type { Pack, TokenRow } from '../../data/types.ts';
import { tokenLogps } from '../row-logps.ts';
import type { CreditRule } from './credit.ts';
import type { Group, ScoredAnswer } from './group.ts';
import type { RolloutWorld } from './live-source.ts';

export interface AnswerOptions {
  readonly temperature: number;
  /** Whether the loss compares with the model before the run. */
  readonly divergenceInLoss: boolean;
  readonly rule: CreditRule;
  /** Answers that were cut at the longest length are not learnt from. */
  readonly maskTruncated: boolean;
}

/** What is learnt from, a pack for each answer in order, and what a person wants to watch of it. */
export interface Lesson {
  readonly packs: readonly Pack[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** An answer with the prompt that it belongs to. */
interface AnswerOf extends ScoredAnswer {
  readonly prompt: TokenRow;
  /** The number of its group. */
  readonly group: number;
}

/** Whether an answer is learnt from: a reward applies to it, and it was not cut where such answers are masked. */
export function isLearnt({ reward, drawn }: ScoredAnswer, maskTruncated: boolean): boolean {
  return reward !== null && !(maskTruncated && drawn.finish === 'length');
}

/**
 * Answers as rows to train on, every token of an answer a target, its end included; with their advantages, and with the log-probabilities
 * that the objective compares with.
 * Answers that are not learnt from are among what others are compared with.
 * @param again whether answers are learnt from after the model has changed
 */
export function answerPacks(
  groups: readonly Group[],
  { temperature, divergenceInLoss, rule, maskTruncated }: AnswerOptions,
  {
    model,
    withReference,
    valuesOf,
    together,
    again,
  }: Pick<RolloutWorld, 'model' | 'withReference' | 'valuesOf' | 'together'> & { readonly again: boolean },
): Lesson {
  const answers = groups.flatMap(({ prompt, answers: own }, group): AnswerOf[] =>
    own.map((answer) => ({ ...answer, prompt, group })),
  );
  const rows = answers.map(rowOf);
  const options = { together, temperature };
  const compares = rule.comparesWithReference;
  const references = compares || divergenceInLoss ? withReference((before) => tokenLogps(before, rows, options)) : null;
  const olds = compares || again ? tokenLogps(model, rows, options) : null;
  const values = rule.asksCritic ? valuesOf(rows) : null;
  const { answers: credited, metrics } = rule.credit(
    answers.map((answer, i) => ({
      group: answer.group,
      tokens: answer.drawn.tokens.length,
      reward: answer.reward,
      learnt: isLearnt(answer, maskTruncated),
      old: olds?.[i] ?? null,
      reference: references?.[i] ?? null,
      values: values?.[i] ?? null,
    })),
  );
  const packs = rows.map((row, i): Pack => {
    const compared = { old: olds?.[i] ?? null, reference: references?.[i] ?? null };
    const sampled = Float32Array.from(answers[i]!.drawn.sampled);
    return [{ ...row, rollout: { ...credited[i]!, sampled, ...compared } }];
  });
  return { packs, metrics };
}

function rowOf({ prompt, drawn }: AnswerOf): TokenRow {
  const tokens = Int32Array.from([...prompt.tokens, ...drawn.tokens]);
  const weights = Float32Array.from(tokens, (_, i) => (i < prompt.tokens.length ? 0 : 1));
  return { tokens, weights, origin: prompt.origin };
}

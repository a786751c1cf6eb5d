import type { Pack, TokenRow } from '../../data/types.ts';
import { tokenLogps } from '../row-logps.ts';
import type { Group, ScoredAnswer } from './group.ts';
import type { RolloutWorld } from './live-source.ts';

export interface AnswerOptions {
  readonly temperature: number;
  /** Whether the loss compares with the model before the run. */
  readonly divergenceInLoss: boolean;
  /** Weight of log π/π_ref of the whole answer, which is taken off its reward; 0: none. */
  readonly divergenceInReward: number;
  /** @param groups rewards of the answers to each prompt */
  readonly advantages: (groups: readonly (readonly (number | null)[])[]) => number[][];
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
 * @returns a pack for each answer, in order
 * @param again whether answers are learnt from after the model has changed
 */
export function answerPacks(
  groups: readonly Group[],
  { temperature, divergenceInLoss, divergenceInReward, advantages }: AnswerOptions,
  {
    model,
    withReference,
    together,
    again,
  }: Pick<RolloutWorld, 'model' | 'withReference' | 'together'> & { readonly again: boolean },
): Pack[] {
  const answers = groups.flatMap(({ prompt, answers: own }, group): AnswerOf[] =>
    own.map((answer) => ({ ...answer, prompt, group })),
  );
  const rows = answers.map(rowOf);
  const options = { together, temperature };
  const inReward = divergenceInReward > 0;
  const references = inReward || divergenceInLoss ? withReference((before) => tokenLogps(before, rows, options)) : null;
  const olds = inReward || again ? tokenLogps(model, rows, options) : null;
  const earned = answers.map(({ reward }, i) => {
    if (reward === null || !inReward) return reward;
    return reward - divergenceInReward * (sum(olds![i]!) - sum(references![i]!));
  });
  const values = advantages(groups.map((_, group) => earned.filter((_, i) => answers[i]!.group === group))).flat();
  return rows.map((row, i): Pack => {
    const compared = { old: olds?.[i] ?? null, reference: references?.[i] ?? null };
    const sampled = Float32Array.from(answers[i]!.drawn.sampled);
    return [{ ...row, rollout: { advantage: values[i]!, sampled, ...compared } }];
  });
}

function rowOf({ prompt, drawn }: AnswerOf): TokenRow {
  const tokens = Int32Array.from([...prompt.tokens, ...drawn.tokens]);
  const weights = Float32Array.from(tokens, (_, i) => (i < prompt.tokens.length ? 0 : 1));
  return { tokens, weights, origin: prompt.origin };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

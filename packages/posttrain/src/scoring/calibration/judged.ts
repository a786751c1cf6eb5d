import { PosttrainError } from '../../support/errors.ts';

/** An answer with how sure the model was of it. */
export interface JudgedConfidence {
  /** 0 to 1. */
  readonly confidence: number;
  readonly correct: boolean;
}

/**
 * Where a confidence comes from. The three measure different things, so a table shows one kind only:
 * the probability of the answer's tokens, agreement among K samples, or a number the model states.
 */
export type ConfidenceSource = 'sequence-probability' | 'sample-agreement' | 'stated-number';

/** @throws PosttrainError `usage` for no answers, or a confidence outside [0, 1] */
export function checkConfidences(items: readonly JudgedConfidence[]): void {
  if (items.length === 0) throw new PosttrainError('usage', 'the calibration of no answers is undefined.');
  const wrong = items.findIndex(({ confidence }) => !(confidence >= 0 && confidence <= 1));
  if (wrong >= 0)
    throw new PosttrainError('usage', `confidence ${items[wrong]!.confidence} of answer ${wrong} is not in [0, 1].`, {
      help: 'divide a stated percentage by 100; take exp of a log-probability',
    });
}

/** The answers of each confidence, in the order in which the confidences first occur. */
export function byConfidence(items: readonly JudgedConfidence[]): [number, JudgedConfidence[]][] {
  const groups = new Map<number, JudgedConfidence[]>();
  for (const item of items) {
    const members = groups.get(item.confidence);
    if (members) members.push(item);
    else groups.set(item.confidence, [item]);
  }
  return [...groups];
}

import { PosttrainError } from '../../support/errors.ts';

/** What a model says of the choices of one question; index i is always choice i. */
export interface ChoiceLikelihoods {
  readonly choices: readonly string[];
  /** Σ log p(choice | context), nats. */
  readonly conditional: readonly number[];
  /** Σ log p(choice), nats, with an empty context; for `mutualInformation` only. */
  readonly unconditional?: readonly number[];
}

/**
 * How log-likelihoods become comparable: `sum` (lm-eval's `acc`), per code point of the choice (`acc_norm`),
 * per UTF-8 byte (`acc_bytes`), or conditional minus unconditional (`acc_mutual_info`).
 */
export type ChoiceRule = 'sum' | 'perCharacter' | 'perByte' | 'mutualInformation';

/** What equal values earn: `share` 1/k of the credit, `first` all of it for the lowest index (compat: lm-eval's argmax). */
export type TieRule = 'share' | 'first';

export interface ChoiceResult {
  /** The indices of the best value: more than one where values tie. */
  readonly best: readonly number[];
  /** The credit of the gold, 0 to 1. */
  readonly credit: number;
  readonly tied: boolean;
}

/** Values closer than this are equal: float sums of the same tokens in another order differ by less. */
export const tieTolerance = 1e-9;

/** The values by which choices compare. @throws PosttrainError `usage` for lists that do not fit, an empty choice, NaN */
export function choiceValues(likelihoods: ChoiceLikelihoods, rule: ChoiceRule): number[] {
  const { choices, conditional, unconditional } = likelihoods;
  if (conditional.length !== choices.length)
    throw new PosttrainError('usage', `${choices.length} choices have ${conditional.length} log-likelihoods.`);
  if (rule === 'mutualInformation' && unconditional?.length !== choices.length)
    throw new PosttrainError(
      'usage',
      `mutualInformation of ${choices.length} choices has ${unconditional?.length ?? 0} unconditional log-likelihoods.`,
      { help: 'score every choice with an empty context too' },
    );
  return conditional.map((value, i) => checked(divide(value, i, rule, choices[i]!, unconditional), i, choices[i]!));
}

function divide(
  value: number,
  index: number,
  rule: ChoiceRule,
  choice: string,
  unconditional: readonly number[] | undefined,
): number {
  if (rule === 'sum') return value;
  // What cannot follow the context is never the answer, even where it cannot stand alone either (−∞ − −∞ is no number).
  if (rule === 'mutualInformation') return value === Number.NEGATIVE_INFINITY ? value : value - unconditional![index]!;
  if (choice === '')
    throw new PosttrainError('usage', `choice ${index} is empty, so it has no log-likelihood ${rule}.`, {
      help: 'compare by sum, or give every choice a text',
    });
  return value / (rule === 'perCharacter' ? [...choice].length : utf8Length(choice));
}

function checked(value: number, index: number, choice: string): number {
  if (!Number.isNaN(value)) return value;
  throw new PosttrainError('usage', `the log-likelihood of choice ${index} (${JSON.stringify(choice)}) is NaN.`);
}

/** Compares the choices; `gold` may list several right ones. */
export function pickChoice(values: readonly number[], gold: number | readonly number[], ties: TieRule): ChoiceResult {
  const golds = typeof gold === 'number' ? [gold] : gold;
  for (const index of golds)
    if (!Number.isInteger(index) || index < 0 || index >= values.length)
      throw new PosttrainError(
        'usage',
        `gold choice ${index} is none of the ${values.length} choices, which count from 0.`,
      );
  const top = Math.max(...values);
  const equal = values.flatMap((value, i) => (isEqual(value, top) ? [i] : []));
  const best = ties === 'first' ? [values.indexOf(top)] : equal;
  const right = best.filter((index) => golds.includes(index)).length;
  return { best, credit: right / best.length, tied: equal.length > 1 };
}

/** Whether all choices are equal: a model, or a server, that answers nothing. */
export function allEqual(values: readonly number[]): boolean {
  return values.length > 1 && values.every((value) => isEqual(value, values[0]!));
}

function isEqual(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) < tieTolerance;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

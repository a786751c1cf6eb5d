import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { strip } from '../python-text.ts';
import { formatVerifiers } from './format.ts';
import { keywordVerifiers } from './keywords.ts';
import { lengthVerifiers } from './length.ts';
import type { Check, Exactness, IfevalTools, Verifier } from './verifier.ts';
import { wholeAnswerVerifiers } from './whole-answer.ts';

/** The 25 verifiers that IFEval registers (Zhou et al. 2023, arXiv:2311.07911). */
export const ifevalVerifiers: ReadonlyMap<string, Verifier> = new Map(
  [...keywordVerifiers, ...lengthVerifiers, ...formatVerifiers, ...wholeAnswerVerifiers].map((one) => [one.id, one]),
);

/** An instruction of a row with its arguments checked. */
export interface Instruction {
  readonly id: string;
  readonly check: Check;
}

/** The keys of a row of the published data that name its instructions. */
export interface IfevalRow {
  readonly instruction_id_list: readonly string[];
  readonly kwargs: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads the instructions of a row.
 *
 * Unlike the reference, which draws missing or falsy arguments at random, this refuses rows whose arguments are missing, empty or
 * out of range; a threshold of 0 is a threshold.
 *
 * @throws PosttrainError `data-invalid` for an unknown instruction, or arguments that are missing, stray or wrong
 */
export function readInstructions(row: IfevalRow): Instruction[] {
  const { instruction_id_list: ids, kwargs } = row;
  if (kwargs.length !== ids.length)
    throw new PosttrainError('data-invalid', `${ids.length} instructions have ${kwargs.length} sets of arguments.`);
  return ids.map((id, i) => {
    const found = ifevalVerifiers.get(id);
    if (found) return { id, check: found.bind(kwargs[i]!) };
    const nearest = nearestFirst(id, [...ifevalVerifiers.keys()]).slice(0, 3);
    throw new PosttrainError('data-invalid', `no IFEval instruction is called "${id}".`, {
      help: `the nearest: ${nearest.join(', ')}`,
    });
  });
}

/** Whether each instruction is followed; null where it cannot be decided without a tool that was not given. */
export type Followed = readonly (boolean | null)[];

export interface IfevalResult {
  readonly ids: readonly string[];
  readonly strict: Followed;
  /** An upper bound: followed by the text, or by it without its first line, its last, both, or any of these without `*`. */
  readonly loose: Followed;
}

/** Checks an answer against its instructions. An answer of white space follows none. */
export function verifyInstructions(
  instructions: readonly Instruction[],
  text: string,
  tools: IfevalTools = {},
): IfevalResult {
  const variants = looseVariants(text);
  return {
    ids: instructions.map(({ id }) => id),
    strict: instructions.map(({ check }) => followsAny(check, [text], tools)),
    loose: instructions.map(({ check }) => followsAny(check, variants, tools)),
  };
}

function followsAny(check: Check, texts: readonly string[], tools: IfevalTools): boolean | null {
  let undecided = false;
  for (const text of texts) {
    const followed = strip(text) === '' ? false : check(text, tools);
    if (followed === true) return true;
    undecided ||= followed === null;
  }
  return undecided ? null : false;
}

function looseVariants(text: string): string[] {
  const lines = text.split('\n');
  const shortened = [lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((kept) => strip(kept.join('\n')));
  const variants = [text, ...shortened];
  return [...variants, ...variants.map((variant) => variant.replaceAll('*', ''))];
}

/** How each of the 25 verifiers decides with these tools. */
export function ifevalExactness(tools: IfevalTools = {}): ReadonlyMap<string, Exactness> {
  return new Map([...ifevalVerifiers].map(([id, one]) => [id, one.exactness(tools)]));
}

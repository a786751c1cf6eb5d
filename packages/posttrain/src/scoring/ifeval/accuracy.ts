import { PosttrainError } from '../../support/errors.ts';
import { type Followed, type IfevalResult, ifevalExactness, ifevalVerifiers } from './instructions.ts';
import type { IfevalTools } from './verifier.ts';

/** Shares; null where nothing could be decided. */
export interface IfevalAccuracy {
  /** Prompts all of whose instructions are followed. */
  readonly promptStrict: number | null;
  readonly promptLoose: number | null;
  /** Instructions followed, over all prompts. */
  readonly instructionStrict: number | null;
  readonly instructionLoose: number | null;
  readonly prompts: number;
  readonly instructions: number;
  /** Left out of the shares: instructions that no tool decides, and prompts for which that leaves the answer open. */
  readonly undecidedInstructions: number;
  readonly undecidedPrompts: number;
  /** Instructions of these rows that a rule of ours decided in place of the reference's. */
  readonly approximateInstructions: number;
  /** Such as `21 of 25 exact`, to be printed beside the shares. */
  readonly exactness: string;
}

/**
 * The four accuracies of IFEval over many answers.
 *
 * A prompt with an undecided instruction still fails where another of its instructions fails; otherwise it is left out and counted.
 */
export function ifevalAccuracy(results: readonly IfevalResult[], tools: IfevalTools = {}): IfevalAccuracy {
  if (results.length === 0) throw new PosttrainError('usage', 'the accuracy of no answers is undefined.');
  const exactness = ifevalExactness(tools);
  const strict = results.flatMap((result) => result.strict);
  const exact = [...exactness.values()].filter((how) => how === 'exact').length;
  const ids = results.flatMap((result) => result.ids);
  return {
    promptStrict: share(results.map((result) => followsAll(result.strict))),
    promptLoose: share(results.map((result) => followsAll(result.loose))),
    instructionStrict: share(strict),
    instructionLoose: share(results.flatMap((result) => result.loose)),
    prompts: results.length,
    instructions: strict.length,
    undecidedInstructions: strict.filter((followed) => followed === null).length,
    undecidedPrompts: results.filter((result) => followsAll(result.strict) === null).length,
    approximateInstructions: ids.filter((id) => exactness.get(id) === 'approximate').length,
    exactness: `${exact} of ${ifevalVerifiers.size} exact`,
  };
}

/** Whether a prompt is followed as a whole: false as soon as one instruction is not. */
export function followsAll(followed: Followed): boolean | null {
  if (followed.includes(false)) return false;
  return followed.includes(null) ? null : true;
}

function share(followed: Followed): number | null {
  const decided = followed.filter((one) => one !== null);
  return decided.length === 0 ? null : decided.filter(Boolean).length / decided.length;
}

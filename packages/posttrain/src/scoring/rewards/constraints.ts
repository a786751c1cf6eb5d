import { named, type Reward } from '../contract.ts';
import { type IfevalRow, readInstructions, verifyInstructions } from '../ifeval/instructions.ts';
import type { IfevalTools } from '../ifeval/verifier.ts';

/**
 * The share of a row's IFEval instructions that the text follows strictly; null where none can be decided. Policies overfit to these
 * verifiers (arXiv:2507.02833): multiply by an answer gate, and evaluate on instructions that were not trained.
 */
export function constraintsReward<Row>(
  instructions: (row: Row) => IfevalRow | null,
  tools: IfevalTools = {},
): Reward<Row> {
  return named('constraints', ({ text, row }) => {
    const given = instructions(row);
    if (given === null) return null;
    const { strict } = verifyInstructions(readInstructions(given), text, tools);
    const decided = strict.filter((followed) => followed !== null);
    return decided.length === 0 ? null : decided.filter(Boolean).length / decided.length;
  });
}

/** A gate: 1 where the text is a JSON object whose `required` keys are all there and not empty, else 0. */
export function jsonGate<Row>(required: readonly string[]): Reward<Row> {
  return named('json', ({ text }) => (hasKeys(text, required) ? 1 : 0));
}

function hasKeys(text: string, required: readonly string[]): boolean {
  try {
    const value: unknown = JSON.parse(text.trim());
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return required.every((key) => Object.hasOwn(value, key) && isFilled((value as Record<string, unknown>)[key]));
  } catch {
    return false;
  }
}

function isFilled(value: unknown): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return value.trim() !== '';
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

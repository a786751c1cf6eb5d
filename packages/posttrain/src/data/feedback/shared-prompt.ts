import { isDeepStrictEqual } from 'node:util';
import { RowError } from '../row-problems.ts';
import type { Message } from '../types.ts';
import type { Answer } from './feedback.ts';

/**
 * Two conversations that begin alike and end in different answers: what they share is the prompt. The answers begin no later
 * than the last assistant message of either, so that two equal conversations still have an answer.
 * @throws RowError where nothing is shared, or an answer would be empty
 */
export function splitSharedPrompt(
  chosen: readonly Message[],
  rejected: readonly Message[],
): { prompt: Message[]; chosen: Answer; rejected: Answer } {
  const most = Math.min(lastAnswer(chosen, 'chosen'), lastAnswer(rejected, 'rejected'));
  let shared = 0;
  while (shared < most && isDeepStrictEqual(chosen[shared], rejected[shared])) shared++;
  // An answer starts with the assistant's turn: a shared start that ends in one belongs to the conversation before.
  while (shared > 0 && chosen[shared]?.role !== 'assistant') shared--;
  if (shared === 0)
    throw new RowError('"chosen" and "rejected" do not begin with the same message: there is no prompt');
  if (rejected[shared]?.role !== 'assistant') {
    throw new RowError('"chosen" and "rejected" part at a message that is not the assistant’s');
  }
  return { prompt: chosen.slice(0, shared), chosen: chosen.slice(shared), rejected: rejected.slice(shared) };
}

function lastAnswer(messages: readonly Message[], key: string): number {
  const index = messages.findLastIndex(({ role }) => role === 'assistant');
  if (index <= 0) throw new RowError(`"${key}" has no answer of the assistant after a prompt`);
  return index;
}

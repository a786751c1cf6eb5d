import { RowError } from '../row-problems.ts';
import type { Message } from '../types.ts';

const turn = /\n\n(Human|Assistant): ?/g;

/** Whether a string is a dialogue as hh-rlhf writes it. */
export function isHumanAssistantText(text: string): boolean {
  return /^\s*Human: ?/.test(text) || text.startsWith('\n\nHuman:');
}

/**
 * Reads a dialogue written as one string, `\n\nHuman: …\n\nAssistant: …` (Bai et al. 2022, arXiv:2204.05862).
 * @throws RowError where no turn is found, or text comes before the first
 */
export function parseHumanAssistantText(text: string, key: string): Message[] {
  const normal = text.startsWith('\n\n') ? text : `\n\n${text.trimStart()}`;
  const marks = [...normal.matchAll(turn)];
  if (marks[0]?.index !== 0) throw new RowError(`"${key}" is text without a leading "Human:" turn`);
  return marks.map((mark, i) => ({
    role: mark[1] === 'Human' ? 'user' : 'assistant',
    content: normal.slice(mark.index + mark[0].length, marks[i + 1]?.index).trim(),
  }));
}

import { alpacaPrompt, systemMessage } from '../alpaca.ts';
import { type IgnoredKey, isObject, parseMessages, parseTools } from '../messages.ts';
import { type ReadRows, readRows } from '../read-rows.ts';
import { RowError } from '../row-problems.ts';
import type { Message, RowOrigin } from '../types.ts';
import { unknownKeys } from '../unknown-keys.ts';

/** Something to answer. */
export interface PromptRow {
  /** Ends with the user's, or a tool's, turn. */
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  /** The row as it stands in the file: what a reward compares with, such as a reference answer. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly origin: RowOrigin;
}

const shapes =
  'a row is prompt: text or messages, messages, or instruction with input?, with system?; all other keys are kept for rewards.';
const promptKeys = ['prompt', 'messages', 'conversations', 'instruction'];

/**
 * Reads prompts: of `prompt`, of `messages` (a last answer of the assistant is left away), or of Alpaca's `instruction`.
 * @throws file-missing, file-unreadable, data-invalid, data-empty
 */
export function readPrompts(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<ReadRows<PromptRow>> {
  return readRows(path, { parse: parsePrompt, signal: options.signal });
}

function parsePrompt(row: unknown, origin: RowOrigin, ignored: IgnoredKey): PromptRow {
  if (!isObject(row)) throw new RowError('the row is no object', shapes);
  const tools = parseTools(row['tools']);
  return { prompt: promptOf(row, ignored), ...(tools ? { tools } : {}), row, origin };
}

function promptOf(row: Readonly<Record<string, unknown>>, ignored: IgnoredKey): readonly Message[] {
  if (row['instruction'] !== undefined) return alpacaPrompt(row);
  const system = systemMessage(row);
  if (typeof row['prompt'] === 'string') return [...system, { role: 'user', content: row['prompt'] }];
  const key = ['prompt', 'messages', 'conversations'].find((name) => row[name] !== undefined);
  if (key === undefined) throw unknownKeys(row, promptKeys, 'hold no prompt', shapes);
  const messages = parseMessages(row[key], key, ignored);
  const last = messages.findLastIndex(({ role }) => role !== 'assistant');
  if (last < 0) throw new RowError(`"${key}" holds nothing to answer`, shapes);
  return [...system, ...messages.slice(0, last + 1)];
}

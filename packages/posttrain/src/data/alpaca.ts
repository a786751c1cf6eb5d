import { describeType } from './messages.ts';
import { RowError } from './row-problems.ts';
import type { Message } from './types.ts';

type Row = Readonly<Record<string, unknown>>;

/** The conversation up to the answer of a row in Alpaca's form: `system`?, `history`?, `instruction`, `input`?. */
export function alpacaPrompt(row: Row): Message[] {
  const { history } = row;
  const input = row['input'] === undefined || row['input'] === null ? '' : textOf(row, 'input');
  const instruction = textOf(row, 'instruction');
  const content = input ? `${instruction}\n${input}` : instruction;
  return [...systemMessage(row), ...historyOf(history), { role: 'user', content }];
}

/** The message of a row's key `system`; none where it is missing, null or empty. */
export function systemMessage(row: Row): Message[] {
  return row['system'] === undefined || row['system'] === null || row['system'] === ''
    ? []
    : [{ role: 'system', content: textOf(row, 'system') }];
}

/** @throws RowError where the value is no string */
export function textOf(row: Row, key: string): string {
  const value = row[key];
  if (typeof value !== 'string') throw new RowError(`"${key}" is ${describeType(value)}, not text`);
  return value;
}

function historyOf(history: unknown): Message[] {
  if (history === undefined || history === null) return [];
  if (!Array.isArray(history)) throw new RowError(`"history" is ${describeType(history)}, not a list of pairs`);
  return history.flatMap((pair: unknown, index): Message[] => {
    const [question, answer]: unknown[] = Array.isArray(pair) ? pair : [];
    if (typeof question !== 'string' || typeof answer !== 'string') {
      throw new RowError(`history[${index}] is not a pair of strings, question and answer`);
    }
    return [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ];
  });
}

import { type IgnoredKey, isObject, parseMessages } from '../messages.ts';
import { RowError } from '../row-problems.ts';
import type { Message } from '../types.ts';
import type { Answer } from './feedback.ts';
import { isHumanAssistantText, parseHumanAssistantText } from './human-assistant.ts';

/** Text, one message (LLaMA-Factory), or a list of messages. */
export function parseAnswer(value: unknown, key: string, ignored: IgnoredKey): Answer {
  if (typeof value === 'string') {
    return isHumanAssistantText(value) ? parseHumanAssistantText(value, key) : [{ role: 'assistant', content: value }];
  }
  const messages = parseMessages(isObject(value) ? [value] : value, key, ignored);
  if (messages.at(-1)?.role !== 'assistant')
    throw new RowError(`"${key}" does not end with a message of the assistant`);
  return messages;
}

/** A conversation as a list of messages, or as hh-rlhf text. */
export function conversationOf(value: unknown, key: string, ignored: IgnoredKey): Message[] {
  return typeof value === 'string' ? parseHumanAssistantText(value, key) : parseMessages(value, key, ignored);
}

const thumbs: Readonly<Record<string, boolean>> = { up: true, down: false, good: true, bad: false };

/** true and false, or the words products log. */
export function thumbOf(value: unknown, key: string): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && Object.hasOwn(thumbs, value.toLowerCase())) return thumbs[value.toLowerCase()]!;
  throw new RowError(`"${key}" is ${JSON.stringify(value)}; it is true or false, "up" or "down"`);
}

/** [lowest, highest]; undefined where the row does not say. */
export function scaleOf(value: unknown): readonly [number, number] | undefined {
  if (value === undefined || value === null) return undefined;
  const [low, high]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof low !== 'number' || typeof high !== 'number' || !(low < high)) {
    throw new RowError(`"scale" is ${JSON.stringify(value)}; it is [lowest, highest]`);
  }
  return [low, high];
}

export function numberOf(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new RowError(`"${key}" is ${JSON.stringify(value)}, not a number`);
  return value;
}

import { nearestFirst } from '../support/nearest.ts';
import { RowError } from './row-problems.ts';
import type { Message, Role, ToolCall } from './types.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Called with each key that is read past, so that the report can say what a file holds that nobody used. */
export type IgnoredKey = (key: string) => void;

const ROLES: readonly Role[] = ['system', 'developer', 'user', 'assistant', 'tool'];

/** What ShareGPT files, and the tools that write them, call the roles. */
const SHAREGPT_ROLES: Readonly<Record<string, Role | 'call'>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  chatgpt: 'assistant',
  model: 'assistant',
  observation: 'tool',
  tool: 'tool',
  function_response: 'tool',
  function_call: 'call',
};

const REASONING_KEYS = ['reasoning', 'reasoning_content', 'thinking'] as const;
const MESSAGE_KEYS = new Set<string>([
  'role',
  'content',
  'name',
  'tool_calls',
  'tool_call_id',
  'weight',
  ...REASONING_KEYS,
]);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a JSON value is, in the words an error message uses. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Reads a list of messages in OpenAI's and TRL's form (`role`, `content`) or ShareGPT's (`from`, `value`). */
export function parseMessages(value: unknown, key: string, ignored: IgnoredKey): Message[] {
  if (!Array.isArray(value)) throw new RowError(`"${key}" is ${describeType(value)}, not a list of messages`);
  if (value.length === 0) throw new RowError(`"${key}" is empty`);
  return value.map((item: unknown, index) => {
    const at = `${key}[${index}]`;
    if (!isObject(item)) throw new RowError(`${at} is ${describeType(item)}, not a message`);
    return 'from' in item && !('role' in item) ? parseShareGptMessage(item, at) : parseMessage(item, at, ignored);
  });
}

function parseMessage(item: JsonObject, at: string, ignored: IgnoredKey): Message {
  const role = parseRole(item['role'], at);
  for (const name of Object.keys(item)) if (!MESSAGE_KEYS.has(name)) ignored(`messages[].${name}`);
  const content = parseContent(item['content'], at);
  const toolCalls = parseToolCalls(item['tool_calls'], at);
  const weight = parseWeight(item['weight'], role, at);
  const { name, tool_call_id: toolCallId } = item;
  return {
    role,
    ...(role === 'assistant' ? withReasoning(content, explicitReasoning(item, at)) : { content }),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof toolCallId === 'string' ? { toolCallId } : {}),
    ...(toolCalls ? { toolCalls } : {}),
    ...(weight === undefined ? {} : { weight }),
  };
}

function parseShareGptMessage(item: JsonObject, at: string): Message {
  const from = item['from'];
  const role = typeof from === 'string' && Object.hasOwn(SHAREGPT_ROLES, from) ? SHAREGPT_ROLES[from] : undefined;
  if (role === undefined) {
    const known =
      typeof from === 'string' ? nearestFirst(from, Object.keys(SHAREGPT_ROLES)) : Object.keys(SHAREGPT_ROLES);
    throw new RowError(`${at}.from is ${JSON.stringify(from)}; known are ${known.join(', ')}`);
  }
  const content = parseContent(item['value'], `${at}.value`);
  if (role !== 'call') return { role, ...(role === 'assistant' ? withReasoning(content) : { content }) };
  const calls = parseJson(content, `${at}.value`);
  const toolCalls = parseToolCalls(Array.isArray(calls) ? calls : [calls], at);
  return { role: 'assistant', content: '', ...(toolCalls ? { toolCalls } : {}) };
}

function parseRole(value: unknown, at: string): Role {
  if (typeof value === 'string' && (ROLES as readonly string[]).includes(value)) return value as Role;
  if (value === undefined) throw new RowError(`${at} has no "role"`);
  const known = typeof value === 'string' ? nearestFirst(value, ROLES) : ROLES;
  throw new RowError(`${at}.role is ${JSON.stringify(value)}; known are ${known.join(', ')}`);
}

/** A string, null (as beside tool calls), or OpenAI's list of parts, whose texts are joined. */
function parseContent(value: unknown, at: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) throw new RowError(`${at}.content is ${describeType(value)}, not text`);
  return value
    .map((part: unknown) => {
      if (typeof part === 'string') return part;
      const type = isObject(part) ? part['type'] : undefined;
      if (isObject(part) && type === 'text' && typeof part['text'] === 'string') return part['text'];
      throw new RowError(`${at} has a content part of type ${JSON.stringify(type)}; only text can be trained on`);
    })
    .join('');
}

function explicitReasoning(item: JsonObject, at: string): string | undefined {
  for (const key of REASONING_KEYS) {
    const value = item[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw new RowError(`${at}.${key} is ${describeType(value)}, not text`);
    return value;
  }
  return undefined;
}

/** `<think>…</think>` at the start of an answer is its reasoning; the line ends around the tags belong to the tags. */
function withReasoning(content: string, explicit?: string): { content: string; reasoning?: string } {
  if (explicit !== undefined) return { content, reasoning: explicit };
  return splitReasoning(content);
}

/** An answer and its reasoning apart, where that stands in tags before it. */
export function splitReasoning(content: string): { content: string; reasoning?: string } {
  const inline = /^\s*<think>\n*([\s\S]*?)\n*<\/think>\n*/.exec(content);
  if (!inline) return { content };
  return { content: content.slice(inline[0].length), reasoning: inline[1]! };
}

/** OpenAI writes a call's arguments as a JSON string, TRL as an object; both become the object. */
function parseToolCalls(value: unknown, at: string): ToolCall[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new RowError(`${at}.tool_calls is ${describeType(value)}, not a list`);
  if (value.length === 0) return undefined;
  return value.map((call: unknown, index) => {
    const where = `${at}.tool_calls[${index}]`;
    const body = isObject(call) && isObject(call['function']) ? call['function'] : call;
    if (!isObject(body) || typeof body['name'] !== 'string') throw new RowError(`${where} has no function name`);
    const raw = body['arguments'] ?? {};
    const parsed = typeof raw === 'string' ? parseJson(raw, `${where}.function.arguments`) : raw;
    const id = isObject(call) && typeof call['id'] === 'string' ? { id: call['id'] } : {};
    return { ...id, type: 'function', function: { name: body['name'], arguments: parsed } };
  });
}

function parseWeight(value: unknown, role: Role, at: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value !== 0 && value !== 1) throw new RowError(`${at}.weight is ${JSON.stringify(value)}; it can be 0 or 1`);
  if (role !== 'assistant') throw new RowError(`${at} is of the ${role} and has a weight; only assistant turns can`);
  return value;
}

/** The list of tools of a row: JSON schemas, or the same as a JSON string. */
export function parseTools(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const tools = typeof value === 'string' ? parseJson(value, 'tools') : value;
  if (!Array.isArray(tools)) throw new RowError(`"tools" is ${describeType(tools)}, not a list`);
  return tools.length > 0 ? tools : undefined;
}

function parseJson(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RowError(`${at} is not valid JSON: ${(cause as Error).message}`);
  }
}

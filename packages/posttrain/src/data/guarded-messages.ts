import { type AddedToken, ControlGuard, findReserved, isAssistantDelimiter } from './control-strings.ts';
import { RowError } from './row-problems.ts';
import type { Message, ToolCall } from './types.ts';

/** What becomes of control strings in the data: plain text, an error, or (where the data is trusted) real tokens. */
export type SpecialTokens = 'text' | 'error' | 'allow';

/** Takes every string of a row through the guard of its speaker, and notes the control strings it meets. */
export class StringGuards {
  readonly #everyone: ControlGuard;
  readonly #assistant: ControlGuard;
  readonly #mode: SpecialTokens;

  constructor(controls: readonly AddedToken[], mode: SpecialTokens) {
    const contents = controls.map(({ content }) => content);
    this.#everyone = new ControlGuard(contents);
    this.#assistant = new ControlGuard(contents.filter((content) => !isAssistantDelimiter(content)));
    this.#mode = mode;
  }

  /** Text of nobody in particular: a document, a prompt, a completion. */
  text(text: string, found: string[]): string {
    return this.#guard(this.#everyone, text, found);
  }

  messages(messages: readonly Message[], found: string[]): Message[] {
    return messages.map((message) => {
      const guard = message.role === 'assistant' ? this.#assistant : this.#everyone;
      const safe = (text: string) => this.#guard(guard, text, found);
      return {
        ...message,
        content: safe(message.content),
        ...(message.reasoning === undefined ? {} : { reasoning: safe(message.reasoning) }),
        ...(message.name === undefined ? {} : { name: safe(message.name) }),
        ...(message.toolCallId === undefined ? {} : { toolCallId: safe(message.toolCallId) }),
        ...(message.toolCalls === undefined ? {} : { toolCalls: message.toolCalls.map((c) => guardCall(c, safe)) }),
      };
    });
  }

  tools(tools: readonly unknown[] | undefined, found: string[]): readonly unknown[] | undefined {
    return tools?.map((tool) => deepMap(tool, (text) => this.#guard(this.#everyone, text, found)));
  }

  #guard(guard: ControlGuard, text: string, found: string[]): string {
    const reserved = findReserved(text);
    if (reserved) throw new RowError(`the text contains ${reserved}, a code point that Unicode keeps out of texts`);
    for (const control of guard.find(text)) found.push(control);
    return this.#mode === 'allow' ? text : guard.break(text);
  }
}

function guardCall(call: ToolCall, safe: (text: string) => string): ToolCall {
  const { name, arguments: args } = call.function;
  return {
    ...call,
    ...(call.id === undefined ? {} : { id: safe(call.id) }),
    function: { name: safe(name), arguments: deepMap(args, safe) },
  };
}

/** Maps every string inside a JSON value, keys included. */
function deepMap(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item: unknown) => deepMap(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), deepMap(item, map)]));
}

/**
 * Text that spells a control token, such as `<|im_end|>` in a user's message, must stay text. Strings from the data are
 * "broken" before a template sees them: an invisible character stands inside whatever would read as a control token.
 * What is unbroken after rendering was written by the template, and is real; the breakers are taken out on encoding.
 *
 * All of our marks are Unicode noncharacters (U+FDD0 …), which no text may carry in interchange, so none can be forged:
 * rows that contain one are refused.
 */
export const BREAKER = '\uFDD0';
/** Stands for a control token in the tokenizer that reads them as text; see guarded-encoder.ts. */
export const STAND_IN = '\uFDD1';
/** Where a template's `{% generation %}` block starts and ends, in the rendered text. */
export const SPAN_START = '\uFDD2';
export const SPAN_END = '\uFDD3';

/** The first reserved character in a text, as `U+FDD0`, or undefined. */
export function findReserved(text: string): string | undefined {
  const found = /[\uFDD0-\uFDEF]/.exec(text)?.[0];
  return found && `U+${found.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** A token that tokenizer.json lists under `added_tokens`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/**
 * The added tokens that structure a conversation rather than spell text: the special ones, those that the template
 * writes, and those that look the part. Others are ordinary text that the vocabulary happens to list (Gemma's runs of
 * line ends and its HTML tags). Single characters cannot be told from text and are left alone.
 */
export function findControlTokens(added: readonly AddedToken[], templateSource = ''): AddedToken[] {
  return added.filter(({ content, special }) => {
    if ([...content].length < 2 || content.trim() === '') return false;
    return special || templateSource.includes(content) || /^<\|.*\|>$/.test(content) || /^<\/?s>$/.test(content);
  });
}

/**
 * Whether an assistant may write this control token itself: the delimiters of its reasoning and of its tool calls, known
 * by their names in the published templates. Never the delimiter of a turn, nor anything that only others write.
 */
export function isAssistantDelimiter(content: string): boolean {
  return ASSISTANT_NAMES.test(content) && !OTHERS_NAMES.test(content);
}

const ASSISTANT_NAMES =
  /think|thought|reason|tool[_▁ -]?calls?|tool[_▁ -]?sep|function_?call|python_tag|arg_key|arg_value|start_action|end_action/i;
const OTHERS_NAMES =
  /response|output|result|observation|declaration|role|turn|header|\beo[tms]|im_(start|end)|endoftext/i;

/** Finds control strings in text and breaks them. One guard per speaker: the assistant may write more than a user. */
export class ControlGuard {
  readonly #pattern: RegExp | undefined;
  readonly #prefixes = new Set<string>();
  readonly #suffixes = new Set<string>();
  readonly #firsts = new Set<string>();
  readonly #lasts = new Set<string>();
  readonly #reach: number;

  constructor(controls: readonly string[]) {
    this.#pattern = controls.length > 0 ? alternation(controls) : undefined;
    this.#reach = Math.max(1, ...controls.map((control) => control.length));
    for (const control of controls) {
      this.#firsts.add(control[0]!);
      this.#lasts.add(control.at(-1)!);
      for (let i = 1; i < control.length; i++) {
        this.#prefixes.add(control.slice(0, i));
        this.#suffixes.add(control.slice(i));
      }
    }
  }

  /** The control strings that the text spells, in order, repeats included. */
  find(text: string): string[] {
    return this.#pattern ? (text.match(this.#pattern) ?? []) : [];
  }

  /** The text with a breaker in each control string, and in a part of one at either end, which its neighbour could complete. */
  break(text: string): string {
    if (!this.#pattern || text === '') return text;
    const inner = text.replace(this.#pattern, (control) => control[0] + BREAKER + control.slice(1));
    return this.#breakTail(this.#breakHead(inner));
  }

  #breakHead(text: string): string {
    for (let end = Math.min(this.#reach - 1, text.length); end > 0; end--) {
      if (!this.#lasts.has(text[end - 1]!) || !this.#suffixes.has(text.slice(0, end))) continue;
      return text.slice(0, end - 1) + BREAKER + text.slice(end - 1);
    }
    return text;
  }

  #breakTail(text: string): string {
    for (let start = Math.max(0, text.length - this.#reach + 1); start < text.length; start++) {
      if (!this.#firsts.has(text[start]!) || !this.#prefixes.has(text.slice(start))) continue;
      return text.slice(0, start + 1) + BREAKER + text.slice(start + 1);
    }
    return text;
  }
}

/** A global pattern for any of the strings; at one place the longest wins, as in the tokenizer. */
export function alternation(strings: readonly string[]): RegExp {
  const longestFirst = [...strings].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((s) => s.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
}

/** Takes the breakers out again. */
export function removeBreakers(text: string): string {
  return text.replaceAll(BREAKER, '');
}

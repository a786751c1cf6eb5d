import { PosttrainError } from '../support/errors.ts';
import { SPAN_END, SPAN_START } from './control-strings.ts';
import { Environment, type Node, parse, type Scope, tokenize } from './jinja-package.ts';
import { LimitError, markPrinted, PythonInterpreter, type TemplateLimits } from './python-semantics.ts';
import type { TemplateSource } from './tokenizer-files.ts';
import type { Message } from './types.ts';

/** What a template is given. */
export interface TemplateInput {
  readonly messages: readonly Message[];
  readonly tools?: readonly unknown[] | undefined;
  /** Whether to end with the header of an assistant turn, for a model to continue. */
  readonly addGenerationPrompt?: boolean;
}

/** A rendered conversation, with the parts between `{% generation %}` and `{% endgeneration %}` as `[start, end)`. */
export interface RenderedChat {
  readonly text: string;
  readonly spans: readonly (readonly [number, number])[];
}

export interface ChatTemplateOptions {
  /** Variables beside the messages: `bos_token`, `eos_token`, and what a template takes (`enable_thinking`). */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What `strftime_now` tells; the time of construction unless given, so that one run renders one date. */
  readonly now?: Date;
  readonly limits?: Partial<TemplateLimits & { readonly source: number }>;
}

const LIMITS = { source: 256_000, operations: 5_000_000, time: 5_000, size: 8_000_000 };

/**
 * A Hugging Face chat template (Jinja). It sees plain values only, runs within limits of length, operations, time and
 * size, and can reach nothing of the program: its objects are maps, not JavaScript objects.
 */
export class ChatTemplate {
  readonly source: string;
  readonly file: string;
  /** Whether the template itself marks what the assistant writes. */
  readonly hasGenerationTags: boolean;
  readonly #program: Node;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #limits: typeof LIMITS;
  readonly #now: Date;

  /** @throws template-invalid with the file and what Jinja says is wrong */
  constructor(template: TemplateSource, options: ChatTemplateOptions = {}) {
    // As Jinja does, before anything else.
    this.source = template.source.replaceAll(/\r\n?/g, '\n');
    this.file = template.file;
    this.#variables = options.variables ?? {};
    this.#limits = { ...LIMITS, ...options.limits };
    this.#now = options.now ?? new Date();
    this.hasGenerationTags = GENERATION_TAG.test(this.source);
    if (this.source.length > this.#limits.source) {
      throw this.#error(`it is ${this.source.length} characters long, and the limit is ${this.#limits.source}`);
    }
    // The lexer's search for tags takes quadratic time in runs of white space.
    if (/\s{4000}/.test(this.source)) throw this.#error('it has a run of 4000 spaces or line ends');
    try {
      this.#program = parse(tokenize(withSentinels(this.source), { lstrip_blocks: true, trim_blocks: true }));
    } catch (cause) {
      throw this.#error(messageOf(cause), cause);
    }
    markPrinted(this.#program);
  }

  /** @throws template-invalid, also where the template itself raises an exception or exceeds a limit */
  render(input: TemplateInput): RenderedChat {
    let marked: string;
    try {
      marked = String(new PythonInterpreter(this.#scope(input), this.#limits).run(this.#program).value);
    } catch (cause) {
      if (cause instanceof LimitError) throw this.#error(`it exceeds a limit: ${cause.message}`, cause);
      throw this.#error(messageOf(cause), cause);
    }
    return takeSpans(marked);
  }

  #scope(input: TemplateInput): Scope {
    const scope = new Environment();
    const set = (name: string, value: unknown) => scope.set(name, value);
    for (const [name, value] of Object.entries(CONSTANTS)) set(name, value);
    set('raise_exception', (message: unknown) => {
      throw new Error(String(message));
    });
    set('range', (...args: unknown[]) => boundedRange(args));
    set('strftime_now', (format: unknown) => formatDate(this.#now, String(format)));
    for (const [name, value] of Object.entries(this.#variables)) set(name, value);
    set('messages', input.messages.map(templateMessage));
    set('tools', input.tools ?? null);
    set('documents', null);
    set('add_generation_prompt', input.addGenerationPrompt ?? false);
    return scope;
  }

  #error(why: string, cause?: unknown): PosttrainError {
    return new PosttrainError('template-invalid', `the chat template fails: ${why}`, {
      help: 'the template comes from the model; correct the file, or give another chat template.',
      place: { file: this.file },
      cause,
    });
  }
}

const CONSTANTS = { true: true, false: false, none: null, True: true, False: false, None: null };
const GENERATION_TAG = /\{%-?\s*generation\s*-?%\}/;

/** The package drops `{% generation %}`; each tag becomes a block that prints a mark, with the tag's own white-space rules. */
function withSentinels(source: string): string {
  return source.replace(
    /\{%(-?)\s*(end)?generation\s*(-?)%\}/g,
    (_tag, left: string, end: string | undefined, right: string) => {
      return `{%${left} if true %}{{ '${end ? SPAN_END : SPAN_START}' }}{% endif ${right}%}`;
    },
  );
}

function takeSpans(marked: string): RenderedChat {
  if (!marked.includes(SPAN_START) && !marked.includes(SPAN_END)) return { text: marked, spans: [] };
  const spans: [number, number][] = [];
  let text = '';
  let open: number | undefined;
  for (const piece of marked.split(new RegExp(`([${SPAN_START}${SPAN_END}])`))) {
    if (piece === SPAN_START) open ??= text.length;
    else if (piece === SPAN_END) {
      if (open !== undefined && text.length > open) spans.push([open, text.length]);
      open = undefined;
    } else text += piece;
  }
  return { text, spans };
}

/** A message under the keys that templates read. Reasoning goes by each of the names in use, as in transformers. */
function templateMessage(message: Message): Record<string, unknown> {
  const { role, content, reasoning, name, toolCalls, toolCallId } = message;
  return {
    role,
    content,
    ...(reasoning === undefined ? {} : { reasoning, reasoning_content: reasoning, thinking: reasoning }),
    ...(name === undefined ? {} : { name }),
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

const RANGE_LIMIT = 100_000;

function boundedRange(args: readonly unknown[]): number[] {
  const numbers = args.filter((arg): arg is number => typeof arg === 'number');
  const [start, stop, step] =
    numbers.length < 2 ? [0, numbers[0] ?? 0, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (step === 0) throw new Error('range() step must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > RANGE_LIMIT) throw new LimitError(`range() of ${length} items`);
  return Array.from({ length }, (_, i) => start + i * step);
}

function formatDate(date: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const month = (form: 'short' | 'long') => date.toLocaleString('en-US', { month: form });
  const day = (form: 'short' | 'long') => date.toLocaleString('en-US', { weekday: form });
  const fields: Readonly<Record<string, () => string>> = {
    '%Y': () => String(date.getFullYear()),
    '%m': () => two(date.getMonth() + 1),
    '%d': () => two(date.getDate()),
    '%b': () => month('short'),
    '%B': () => month('long'),
    '%a': () => day('short'),
    '%A': () => day('long'),
    '%H': () => two(date.getHours()),
    '%M': () => two(date.getMinutes()),
    '%S': () => two(date.getSeconds()),
    '%%': () => '%',
  };
  return format.replace(/%./g, (field) => fields[field]?.() ?? field);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

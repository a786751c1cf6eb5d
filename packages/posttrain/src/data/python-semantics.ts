import { Interpreter, type Node, type Scope, type Value } from './jinja-package.ts';

/**
 * Python's meaning of a chat template, where @huggingface/jinja has JavaScript's: what values look like when they are
 * printed, joined by `~`, or filtered by `string` and `trim`; what `strip('x')` strips; that text and a list do not add.
 * And limits: a template is code from elsewhere.
 */

export interface TemplateLimits {
  /** Nodes evaluated in one rendering. */
  readonly operations: number;
  /** Milliseconds for one rendering. */
  readonly time: number;
  /** Characters of any text, items of any list. */
  readonly size: number;
}

export class LimitError extends Error {}

const PRINTED = 'PrintedExpression';
const HELD = 'HeldValue';
const NOT_PRINTED = new Set(
  'If For Set Macro CallStatement FilterStatement Break Continue Comment StringLiteral'.split(' '),
);

export class PythonInterpreter extends Interpreter {
  readonly #limits: TemplateLimits;
  readonly #deadline: number;
  #operations = 0;

  constructor(scope: Scope, limits: TemplateLimits) {
    super(scope);
    this.#limits = limits;
    this.#deadline = performance.now() + limits.time;
  }

  override evaluate(node: Node | undefined, scope: Scope): Value {
    this.#count();
    const value = this.#evaluatePython(node, scope) ?? super.evaluate(node, scope);
    const held = value.value;
    if ((typeof held === 'string' || Array.isArray(held)) && held.length > this.#limits.size) {
      throw new LimitError(`a value grew beyond ${this.#limits.size} characters or items`);
    }
    return value;
  }

  /** What is evaluated in Python's way; undefined where the package's way is the same. */
  #evaluatePython(node: Node | undefined, scope: Scope): Value | undefined {
    switch (node?.['type']) {
      case PRINTED: {
        const value = this.evaluate(node['expression'] as Node, scope);
        return value.type === 'StringValue' ? value : this.#text(pythonString(value));
      }
      case HELD:
        return node['value'] as Value;
      case 'FilterExpression':
        return this.#filter(node, scope);
      case 'BinaryExpression':
        return this.#join(node, scope);
      case 'CallExpression':
        return this.#strip(node, scope);
      default:
        return undefined;
    }
  }

  #filter(node: Node, scope: Scope): Value | undefined {
    const filter = node['filter'] as Node;
    if (filter['type'] !== 'Identifier' || (filter['value'] !== 'string' && filter['value'] !== 'trim'))
      return undefined;
    const value = this.evaluate(node['operand'] as Node, scope);
    const text = pythonString(value);
    return this.#text(filter['value'] === 'trim' ? text.trim() : text);
  }

  #join(node: Node, scope: Scope): Value | undefined {
    const operator = (node['operator'] as Node)['value'];
    if (operator !== '~' && operator !== '+') return undefined;
    const left = this.evaluate(node['left'] as Node, scope);
    const right = this.evaluate(node['right'] as Node, scope);
    if (operator === '~') return this.#text(pythonString(left) + pythonString(right));
    if (left.type === 'StringValue' && right.type === 'StringValue') return this.#text(`${left.value}${right.value}`);
    if (left.type === 'StringValue' || right.type === 'StringValue') {
      throw new Error(`can only add text to text, not ${pythonType(left)} and ${pythonType(right)}`);
    }
    return super.evaluate({ ...node, left: holding(left), right: holding(right) }, scope);
  }

  #strip(node: Node, scope: Scope): Value | undefined {
    const callee = node['callee'] as Node;
    const args = node['args'] as readonly Node[];
    if (callee['type'] !== 'MemberExpression' || callee['computed'] === true || args.length !== 1) return undefined;
    const method = (callee['property'] as Node)['value'];
    if (method !== 'strip' && method !== 'lstrip' && method !== 'rstrip') return undefined;
    const value = this.evaluate(callee['object'] as Node, scope);
    const set = this.evaluate(args[0], scope);
    if (value.type !== 'StringValue' || set.type !== 'StringValue') return undefined;
    return this.#text(stripCharacters(String(value.value), String(set.value), method));
  }

  #text(text: string): Value {
    return super.evaluate({ type: 'StringLiteral', value: text }, this.global);
  }

  #count(): void {
    this.#operations++;
    if (this.#operations > this.#limits.operations) {
      throw new LimitError(`more than ${this.#limits.operations} operations`);
    }
    // One operation can be a loop over a long list, a good part of a second.
    if (this.#operations % 8 === 0 && performance.now() > this.#deadline) {
      throw new LimitError(`more than ${this.#limits.time} ms`);
    }
  }
}

/** A node that evaluates to a value already at hand, so that nothing is evaluated twice. */
function holding(value: Value): Node {
  return { type: HELD, value };
}

/** Marks each printed expression of a parsed template, so that the interpreter knows where Python's `str()` applies. */
export function markPrinted(program: Node): void {
  visit(program);
}

function visit(node: Node): void {
  for (const [key, child] of Object.entries(node)) {
    if (Array.isArray(child)) {
      const body = key === 'body' || key === 'alternate' || key === 'defaultBlock';
      for (const [index, item] of child.entries()) {
        if (typeof item !== 'object' || item === null) continue;
        visit(item as Node);
        if (body && !NOT_PRINTED.has(String((item as Node)['type']))) child[index] = printed(item);
      }
    } else if (child instanceof Map) {
      for (const [name, value] of child as Map<Node, Node>) {
        visit(name);
        visit(value);
      }
    } else if (typeof child === 'object' && child !== null) visit(child as Node);
  }
}

function printed(expression: object): object {
  // The package looks for its own statement class when it searches a macro's body.
  return Object.assign(Object.create(Object.getPrototypeOf(expression)), { type: PRINTED, expression });
}

/** Python's `str()` of a template value; an undefined one prints as nothing. */
export function pythonString(value: Value): string {
  return value.type === 'StringValue' ? String(value.value) : value.type === 'UndefinedValue' ? '' : pythonRepr(value);
}

function pythonRepr(value: Value): string {
  switch (value.type) {
    case 'StringValue':
      return quote(String(value.value));
    case 'BooleanValue':
      return value.value ? 'True' : 'False';
    case 'NullValue':
      return 'None';
    case 'UndefinedValue':
      return 'Undefined';
    case 'FloatValue':
      return pythonFloat(value.value as number);
    case 'ArrayValue':
      return `[${(value.value as Value[]).map(pythonRepr).join(', ')}]`;
    case 'TupleValue': {
      const items = (value.value as Value[]).map(pythonRepr);
      return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
    }
    case 'ObjectValue': {
      const entries = [...(value.value as Map<string, Value>)];
      return `{${entries.map(([key, item]) => `${quote(key)}: ${pythonRepr(item)}`).join(', ')}}`;
    }
    default:
      return value.toString();
  }
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function pythonFloat(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return Object.is(value, -0) ? '-0.0' : value.toFixed(1);
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function pythonType(value: Value): string {
  const names: Readonly<Record<string, string>> = {
    StringValue: 'text',
    ArrayValue: 'a list',
    ObjectValue: 'a mapping',
  };
  return names[value.type] ?? pythonRepr(value);
}

function stripCharacters(text: string, set: string, method: 'strip' | 'lstrip' | 'rstrip'): string {
  let start = 0;
  let end = text.length;
  if (method !== 'rstrip') while (start < end && set.includes(text[start]!)) start++;
  if (method !== 'lstrip') while (end > start && set.includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}

import * as jinja from '@huggingface/jinja';

/**
 * The part of @huggingface/jinja that we use, with our own types: its published ones do not resolve under Node's module
 * rules, and half of what is needed here is not among them.
 */

/** A node of a parsed template. */
export type Node = Readonly<Record<string, unknown>>;

/** A value while a template runs: `type` is "StringValue", "ArrayValue" and so on. */
export interface Value {
  readonly type: string;
  readonly value: unknown;
  toString(): string;
}

export interface Scope {
  set(name: string, value: unknown): Value;
}

interface BaseInterpreter {
  readonly global: Scope;
  run(program: Node): Value;
  evaluate(node: Node | undefined, scope: Scope): Value;
}

interface JinjaPackage {
  readonly Environment: new () => Scope;
  readonly Interpreter: new (scope: Scope) => BaseInterpreter;
  tokenize(source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown[];
  parse(tokens: unknown[]): Node;
}

export const { Environment, Interpreter, tokenize, parse } = jinja as unknown as JinjaPackage;

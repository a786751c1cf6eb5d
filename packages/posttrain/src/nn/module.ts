import { noGrad, scope, Tensor } from '../tensor/index.ts';

/** A property named in camelCase is the checkpoint's key in snake_case: `inputLayernorm` is `input_layernorm`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * A piece of a model. Its public properties that are tensors are parameters, those that are modules (or arrays of them)
 * are its parts; what is not to be trained or stored stays in private fields. `forward` is written, `call` is used.
 */
export abstract class Module<Inputs extends readonly unknown[] = never, Output = unknown> implements Disposable {
  abstract forward(...inputs: Inputs): Output;

  /** Runs `forward` in a scope of its own: everything it made is freed, except what it returns. */
  call(...inputs: Inputs): Output {
    return scope<unknown>(() => this.forward(...inputs), this.constructor.name) as Output;
  }

  /** Every parameter under its checkpoint key, in the order of the properties. */
  *namedParameters(prefix = ''): Generator<[name: string, parameter: Tensor]> {
    for (const [owner, property, name] of this.#slots(prefix)) yield [name, owner[property] as Tensor];
  }

  parameters(): Tensor[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** Puts `make(name, current)` in every parameter's place; a replaced tensor is freed. Ties hold: they share one property. */
  replaceParameters(make: (name: string, current: Tensor) => Tensor): void {
    for (const [owner, property, name] of this.#slots('')) {
      const current = owner[property] as Tensor;
      const next = noGrad(() => make(name, current));
      if (next === current) continue;
      owner[property] = next.keep();
      current.dispose();
    }
  }

  /** Every part, and every part of those, by name: `layers.0.self_attn.q_proj`. */
  *namedModules(prefix = ''): Generator<[name: string, module: Module]> {
    for (const [name, part] of this.#parts(prefix)) {
      yield [name, part];
      yield* part.namedModules(`${name}.`);
    }
  }

  requireGrad(on: boolean): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /** Frees all parameters. */
  [Symbol.dispose](): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }

  *#slots(prefix: string): Generator<[owner: Record<string, unknown>, property: string, name: string]> {
    for (const [property, value] of Object.entries(this)) {
      const name = prefix + snakeCase(property);
      if (value instanceof Tensor) yield [this as unknown as Record<string, unknown>, property, name];
      else for (const [partName, part] of partsIn(value, name)) yield* part.#slots(`${partName}.`);
    }
  }

  *#parts(prefix: string): Generator<[name: string, part: Module]> {
    for (const [property, value] of Object.entries(this)) yield* partsIn(value, prefix + snakeCase(property));
  }
}

/** The modules that one property holds: itself, or the members of a list. */
function* partsIn(value: unknown, name: string): Generator<[name: string, part: Module]> {
  if (value instanceof Module) yield [name, value];
  else if (Array.isArray(value))
    for (const [index, part] of value.entries()) if (part instanceof Module) yield [`${name}.${index}`, part];
}

import * as z from 'zod';
import { isProgram, outside } from './methods/outside.ts';
import { methods } from './methods/registry.ts';

type NamedMethod = (typeof methods)[number];
type MethodDefinition = NamedMethod | typeof outside;
export type MethodSchema = MethodDefinition['schema'];

/** A recipe as written, by the schema; `recipe.generated.ts` holds the same as plain interfaces. */
export type RecipeInput = z.input<MethodSchema>;
/** A recipe after its static defaults. */
export type RecipeOutput = z.output<MethodSchema>;
/** A reward after its static defaults. */
export type RewardOutput = Extract<RecipeOutput, { rewards: unknown }>['rewards'][number];

/** The methods of this package. */
export const methodNames: readonly z.input<NamedMethod['schema']>['method'][] = methods.map((method) =>
  methodName(method),
);

export function methodNamed(name: unknown): MethodDefinition | undefined {
  return isProgram(name) ? outside : methods.find((method) => methodName(method) === name);
}

function methodName(method: NamedMethod): (typeof methodNames)[number] {
  return method.schema.shape.method.value;
}

/** Dotted keys, each with the sentence that says what it is for. Items of a list add nothing to the name. */
export type RecipeKeys = ReadonlyMap<string, string | undefined>;

/** Every key of a schema, objects inside unions and lists included; the first of two alternatives describes a shared key. */
export function keysOf(schema: z.core.$ZodType): RecipeKeys {
  const keys = new Map<string, string | undefined>();
  collectKeys(schema, '', keys);
  return keys;
}

function collectKeys(schema: z.core.$ZodType, prefix: string, keys: Map<string, string | undefined>): void {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      for (const [key, child] of Object.entries(def.shape)) {
        const name = prefix === '' ? key : `${prefix}.${key}`;
        if (!keys.has(name)) keys.set(name, descriptionOf(child));
        collectKeys(child, name, keys);
      }
      return;
    case 'union':
      for (const option of def.options) collectKeys(option, prefix, keys);
      return;
    case 'array':
      collectKeys(def.element, prefix, keys);
      return;
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
      collectKeys(def.innerType, prefix, keys);
  }
}

/** The description of a schema, or of what it wraps. */
function descriptionOf(schema: z.core.$ZodType): string | undefined {
  const own = z.globalRegistry.get(schema)?.description;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return own ?? ('innerType' in def ? descriptionOf(def.innerType) : undefined);
}

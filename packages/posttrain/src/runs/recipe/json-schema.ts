import * as z from 'zod';
import { outside } from './methods/outside.ts';
import { methods } from './methods/registry.ts';

/** JSON Schema, as far as the recipe's needs. */
export interface JsonSchema {
  $schema?: string;
  $ref?: string;
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | JsonSchema[];
  definitions?: Record<string, JsonSchema>;
  maximum?: number;
  readOnly?: boolean;
  allOf?: JsonSchema[];
  /** A type that only TypeScript has; what has it is left out of the schema of recipe files. */
  typescript?: string;
}

/** The JSON Schema of a recipe file, in draft 7: the newest draft for which editors show both completion and mistakes. */
export function recipeJsonSchema(): JsonSchema {
  const { anyOf, ...schema } = z.toJSONSchema(z.union([...methods.map((method) => method.schema), outside.schema]), {
    io: 'input',
    target: 'draft-07',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // The only values of no JSON type are functions, in rewards.
      if (zodSchema._zod.def.type === 'custom') jsonSchema['typescript'] = 'Reward<never>';
      if (zodSchema._zod.def.type === 'template_literal') jsonSchema['typescript'] = templateType(zodSchema);
      // Zod writes the largest safe integer, which says nothing to a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      delete jsonSchema.readOnly;
    },
  }) as JsonSchema;
  const definitions = schema.definitions ?? {};
  for (const definition of Object.values(definitions)) describeReferences(definition, definitions);
  return { $schema: schema.$schema!, title: 'posttrain recipe', oneOf: anyOf!, ...schema };
}

/** A property that only refers to a definition shows that one's description where it stands. */
function describeReferences(schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): void {
  for (const property of Object.values(schema.properties ?? {})) {
    const reference = property.$ref ?? property.allOf?.[0]?.$ref;
    if (reference === undefined || property.description !== undefined) continue;
    const description = definitions[reference.slice(reference.lastIndexOf('/') + 1)]?.description;
    if (description !== undefined) property.description = description;
  }
}

/** The type of texts with one of several ends. */
function templateType(schema: z.core.$ZodType): string {
  const { parts } = (schema as z.core.$ZodTemplateLiteral)._zod.def;
  const ends = (parts[1] as unknown as z.core.$ZodEnum)._zod.def.entries;
  return Object.values(ends)
    .map((end) => `\`\${string}${end}\``)
    .join(' | ');
}

import type { z } from 'zod';
import { PosttrainError } from '../support/errors.ts';
import type { CausalLm } from './causal-lm.ts';
import type { Decoder, ModelDimensions } from './decoder.ts';
import type { Family } from './family.ts';

/** `config` is a schema of the keys this family reads; whatever it cannot compute must be refused there. */
export function defineFamily<Schema extends z.ZodType>(family: {
  readonly modelType: string;
  readonly paper: string;
  readonly config: Schema;
  /** Rewrites older spellings of keys to today's, which `config` describes. */
  readonly upgrade?: (config: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly build: (config: z.infer<Schema>) => CausalLm;
  readonly buildDecoder: (config: z.infer<Schema>) => Decoder;
  readonly dimensions: (config: z.infer<Schema>) => ModelDimensions;
}): Family {
  const parse = (given: Readonly<Record<string, unknown>>, file: string): z.infer<Schema> => {
    const config = family.upgrade?.(given) ?? given;
    const parsed = family.config.safeParse(config);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((issue) => describeIssue(issue, config)).join('\n  ');
    throw new PosttrainError(
      'model-unsupported',
      `this ${family.modelType} model cannot be built here:\n  ${problems}`,
      {
        place: { file },
        help: 'each line names a key of config.json, its value, and what can be built.',
      },
    );
  };
  return {
    modelType: family.modelType,
    paper: family.paper,
    build: (config, file) => family.build(parse(config, file)),
    buildDecoder: (config, file) => family.buildDecoder(parse(config, file)),
    dimensions: (config, file) => family.dimensions(parse(config, file)),
  };
}

/** A key of config.json, its value, and what would be supported. */
function describeIssue(issue: z.core.$ZodIssue, config: Readonly<Record<string, unknown>>): string {
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    config,
  );
  const key = issue.path.join('.');
  if (value === undefined) return `${key} is missing`;
  return `${key} is ${JSON.stringify(value)}; ${supportedBy(issue)}`;
}

function supportedBy(issue: z.core.$ZodIssue): string {
  const choices = (values: readonly unknown[]) =>
    `supported: ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'invalid_value') return choices(issue.values);
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options) return choices(issue.options);
  if (issue.code === 'invalid_type')
    return `it must be ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`;
  return issue.code === 'custom' ? issue.message : `it is out of range (${issue.message})`;
}

import type { z } from 'zod';
import { PosttrainError } from '../support/errors.ts';
import type { CausalLm } from './causal-lm.ts';

/** A kind of model, named by config.json's `model_type`. */
export interface Family {
  readonly modelType: string;
  readonly paper: string;
  /** Builds the modules, weights not yet set, from a parsed config.json. @throws model-unsupported naming key and value. */
  build(config: Readonly<Record<string, unknown>>, file: string): CausalLm;
}

/** `config` is a schema of the keys this family reads; whatever it cannot compute must be refused there. */
export function defineFamily<Schema extends z.ZodType>(family: {
  readonly modelType: string;
  readonly paper: string;
  readonly config: Schema;
  readonly build: (config: z.infer<Schema>) => CausalLm;
}): Family {
  return {
    modelType: family.modelType,
    paper: family.paper,
    build(config, file) {
      const parsed = family.config.safeParse(config);
      if (parsed.success) return family.build(parsed.data);
      const problems = parsed.error.issues.map((issue) => {
        const value = issue.path.reduce<unknown>(
          (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
          config,
        );
        return `${issue.path.join('.')}: ${JSON.stringify(value)} (${issue.message})`;
      });
      throw new PosttrainError(
        'model-unsupported',
        `this ${family.modelType} model cannot be built here:\n  ${problems.join('\n  ')}`,
        {
          place: { file },
          help: 'each line names a key of config.json, its value, and what is supported.',
        },
      );
    },
  };
}

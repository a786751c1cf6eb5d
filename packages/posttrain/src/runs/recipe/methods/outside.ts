import * as z from 'zod';
import { sharedKeys } from '../keys-shared.ts';

/** How names of programs end. */
const endings = ['.ts', '.mts', '.js', '.mjs'] as const;

/** Whether a recipe's `method` is a file that defines one. */
export function isProgram(method: unknown): method is `${string}${(typeof endings)[number]}` {
  return typeof method === 'string' && endings.some((ending) => method.endsWith(ending));
}

/** A method from outside. Which of the shared keys it has a use for is known when its file is loaded. */
export const outside = {
  schema: z
    .strictObject({
      method: z
        .templateLiteral([z.string(), z.enum(endings)])
        .describe(
          'A file whose default export is defineMethod({ … }): ./my-method.ts. Its code runs when the recipe is trained.',
        ),
      ...sharedKeys,
      keys: z
        .record(z.string(), z.unknown())
        .readonly()
        .prefault({})
        .describe("The method's own keys, as its file declares them."),
      sha256: z
        .string()
        .optional()
        .describe('The hash of the file, which the run fills in: it goes on only with the method that it began with.'),
    })
    .meta({ id: 'OutsideRecipe', description: 'A method that a file of your own defines.' }),
  defaults: { packing: false },
} as const;

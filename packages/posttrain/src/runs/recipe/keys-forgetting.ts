import * as z from 'zod';

/** The key that says what is measured before and after a run, to tell what the model forgot. */

const path = z.string().min(1);

const files = z
  .strictObject({
    text: path
      .optional()
      .describe(
        'Text like what the model should keep: a .txt or .md file, or .jsonl of {"text"} with one document a line.',
      ),
    suite: path
      .optional()
      .describe(
        'Questions it should go on answering: .jsonl of {"prompt", "choices", "gold"}, where gold is the index of the right choice, or of {"prompt", "answer"}.',
      ),
  })
  .meta({ id: 'ForgettingKeys', description: 'What is measured before and after the run: a text, a suite, or both.' });

export const forgettingKeys = z.union([z.literal(false), z.literal('auto'), path, files]).default('auto');

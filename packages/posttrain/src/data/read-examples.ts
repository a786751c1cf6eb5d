import { type ReadRows, readRows } from './read-rows.ts';
import { parseRow } from './row-shapes.ts';
import type { Example } from './types.ts';

/** Everything that a path of examples held. */
export interface ReadResult extends Omit<ReadRows<Example>, 'rows'> {
  readonly examples: readonly Example[];
}

/**
 * Reads rows of supervised training, and `.txt` and `.md` files as one document each.
 * @throws file-missing, file-unreadable, data-invalid (the first ten bad rows and their count), data-empty
 */
export async function readExamples(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<ReadResult> {
  const document = (text: string, origin: Example['origin']): Example => ({ kind: 'text', text, origin });
  const { rows, ...rest } = await readRows<Example>(path, { parse: parseRow, document, signal: options.signal });
  return { examples: rows, ...rest };
}

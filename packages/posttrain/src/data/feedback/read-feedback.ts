import { type ReadRows, readRows } from '../read-rows.ts';
import type { Feedback } from './feedback.ts';
import { parseFeedbackRow } from './feedback-shapes.ts';

/**
 * Reads human feedback from a `.jsonl` file (streamed), a `.json` file that holds one array, or all of these in a folder.
 * @throws file-missing, file-unreadable, data-invalid (the first ten bad rows and their count), data-empty
 */
export function readFeedback(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<ReadRows<Feedback>> {
  return readRows(path, { parse: parseFeedbackRow, signal: options.signal });
}

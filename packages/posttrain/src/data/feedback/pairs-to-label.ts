import { createHash } from 'node:crypto';
import { isObject } from '../messages.ts';
import { type ReadRows, readRows } from '../read-rows.ts';
import { RowError } from '../row-problems.ts';
import type { Message } from '../types.ts';
import type { Answer } from './feedback.ts';
import { parseFeedbackRow } from './feedback-shapes.ts';
import { promptHash } from './preference-pairs.ts';

/** Two answers to one prompt, waiting for somebody to choose. */
export interface PairToLabel {
  /** Names the prompt and its two answers, whichever stands first. */
  readonly id: string;
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly answers: readonly [Answer, Answer];
}

/**
 * Reads pairs of answers: `prompt, answers: [a, b]`, or any row of a comparison, whose choice is then passed over.
 * Pairs that occur twice are kept once.
 * @throws file-missing, file-unreadable, data-invalid, data-empty, as readFeedback
 */
export async function readPairsToLabel(path: string): Promise<ReadRows<PairToLabel>> {
  const read = await readRows(path, {
    parse: (value, origin, ignored) => pairOf(parseFeedbackRow(undecided(value), origin, ignored)),
  });
  return { ...read, rows: [...new Map(read.rows.map((pair) => [pair.id, pair])).values()] };
}

/** A row that nobody has judged yet reads as a tie, which is then forgotten. */
function undecided(row: unknown): unknown {
  return isObject(row) && 'answers' in row && !('choice' in row) ? { ...row, choice: 'tie' } : row;
}

function pairOf(feedback: ReturnType<typeof parseFeedbackRow>): PairToLabel {
  if (feedback.kind !== 'comparison') {
    throw new RowError(`the row holds one answer (${feedback.kind}), and two are compared`);
  }
  const { prompt, tools, answers } = feedback;
  return { id: pairId(feedback), prompt, ...(tools ? { tools } : {}), answers };
}

/** The same for the same prompt and the same two answers in either order. */
export function pairId(pair: Pick<PairToLabel, 'prompt' | 'tools' | 'answers'>): string {
  const answers = pair.answers.map((answer) => JSON.stringify(answer)).sort();
  return createHash('sha256')
    .update(JSON.stringify([promptHash(pair), ...answers]))
    .digest('hex')
    .slice(0, 16);
}

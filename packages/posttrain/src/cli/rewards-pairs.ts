import {
  type Answer,
  type Feedback,
  type PreferencePair,
  preferencePairs,
  promptHash,
  readFeedback,
} from '../data/index.ts';
import { type TextPair, wordsOf } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { Output } from './output.ts';

/** What pairs are told apart by in a report. */
export type PairGroup = 'source' | 'annotator';
export const pairGroups: readonly PairGroup[] = ['source', 'annotator'];

/** A preference pair of a file, with its text as the baselines read it. */
export interface JudgedPair extends TextPair {
  readonly pair: PreferencePair;
  readonly group: string | undefined;
}

export interface JudgedPairs {
  readonly pairs: readonly JudgedPair[];
  /** Judgements in the file, and those of them that give no pair. */
  readonly read: number;
  readonly ties: number;
  readonly unused: number;
}

/** The pairs of a file of feedback. @throws what `readFeedback` throws; data-empty where no judgement gives a pair */
export async function readJudgedPairs(path: string, by: PairGroup, output: Output): Promise<JudgedPairs> {
  const { rows: feedback, ignoredKeys } = await readFeedback(path);
  for (const [key, count] of Object.entries(ignoredKeys))
    output.warn(`${count} rows of ${path} have a key "${key}", which nothing reads.`);
  const { rows, ties, unused } = preferencePairs(feedback);
  if (rows.length === 0)
    throw new PosttrainError(
      'data-empty',
      `${path} gives no pair: ${feedback.length} judgements, ${ties} of them ties.`,
      {
        place: { file: path },
        help: 'a pair needs a better and a worse answer to the same prompt.',
      },
    );
  const groups = new Map(feedback.map((item) => [placeOf(item), item[by]]));
  const pairs = rows.map((pair) => ({
    pair,
    prompt: promptHash(pair),
    chosen: textOf(pair.chosen),
    rejected: textOf(pair.rejected),
    group: groups.get(placeOf(pair)),
  }));
  return { pairs, read: feedback.length, ties, unused };
}

export const lengthOf = (text: string): number => wordsOf(text).length;

function placeOf({ origin: { file, line } }: Pick<Feedback, 'origin'>): string {
  return `${file}:${line}`;
}

function textOf(answer: Answer): string {
  return answer.map(({ content }) => content).join('\n');
}

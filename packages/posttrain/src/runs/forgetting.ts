import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';

/** What a run measured of its model before the first and after the last step: whether it forgot what it knew. */

/** The file of a run folder that holds a {@link ForgettingRecord}. */
export const forgettingFile = 'forgetting.json';

export interface ForgettingReport {
  readonly version: 1;
  /**
   * `begun`: measured before the first step, and not yet after the last. `underpowered`: 5 % of so short a run measures too
   * little. `skipped`: there was nothing that could be compared.
   */
  readonly status: 'begun' | 'measured' | 'underpowered' | 'skipped';
  /** Why nothing, or not everything, was measured; null where all was. */
  readonly why: string | null;
  /** The arithmetic that both measurements were made in: that of the training. */
  readonly precision: 'fp32' | 'bf16';
  readonly cost: ForgettingCost;
  readonly text: TextForgetting | null;
  readonly suite: SuiteForgetting | null;
}

/** Arithmetic alone decides how much is measured, never the clock, so that a run measures the same on any machine. */
export interface ForgettingCost {
  /** Tokens the whole run trains on, from 16 of its steps. */
  readonly trainingTokens: number;
  /** Tokens that go through the model in each of the two measurements. */
  readonly measuredTokens: number;
  /** Both measurements as a share of the run, a training token costing three forward passes; at most 0.05. */
  readonly share: number;
}

interface Forgetting {
  readonly name: string;
  readonly unit: 'number' | 'share';
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly before: number | null;
  /** Null until the run is over. */
  readonly after: number | null;
  /** after − before; null until the run is over, or where it cannot be told. */
  readonly difference: ForgettingChange | null;
  /** Differences up to this size do not matter: `equivalent` is an interval inside it. */
  readonly margin: number;
  /** improved, regressed, equivalent, inconclusive or invalid; null until the run is over. p is adjusted for both rows (Holm). */
  readonly verdict: string | null;
  /** The numbers that decided. */
  readonly why: string | null;
}

export interface ForgettingChange {
  readonly value: number | null;
  readonly standardError: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Two-sided, of this row alone. */
  readonly p: number | null;
}

/** Bits per UTF-8 byte of a neutral text; less is better. */
export interface TextForgetting extends Forgetting {
  /** Windows that were measured, and those that the file has: pieces of at most 1,024 characters. */
  readonly windows: number;
  readonly windowsInFile: number;
  readonly documents: number;
  /** What the interval resamples: documents, or windows where there are fewer than ten documents. */
  readonly clusteredBy: 'document' | 'window';
  /** Of the measured windows. */
  readonly bytes: number;
  readonly tokens: number;
  /**
   * Mean change of the log-probability of the text's tokens, in nats per token: below 0, the text became less likely. It is
   * no KL divergence, which would need all probabilities of the base at every token.
   */
  readonly logProbability: number | null;
}

/** The share of questions answered rightly, by likelihood; more is better. */
export interface SuiteForgetting extends Forgetting {
  readonly questions: number;
  readonly questionsInFile: number;
  /** Wrong before, right after; and the other way round. */
  readonly fixed: number | null;
  readonly broken: number | null;
}

/** forgetting.json: the report, and what it was made from. */
export interface ForgettingRecord extends ForgettingReport {
  readonly measured: {
    /** One entry a window, in the order in which they were measured. */
    readonly text: {
      /** The window's document, by its number in the file, from 1. */
      readonly documents: readonly number[];
      readonly bytes: readonly number[];
      readonly tokens: readonly number[];
      /** −log p of the window, in nats. */
      readonly before: readonly number[];
      readonly after: readonly number[] | null;
    } | null;
    /** One entry a question. */
    readonly suite: {
      /** The question's line in the file, from 1. */
      readonly lines: readonly number[];
      readonly before: SuiteAnswers;
      readonly after: SuiteAnswers | null;
    } | null;
  };
}

export interface SuiteAnswers {
  readonly right: readonly boolean[];
  /** Log-probability of the right answer, in nats. */
  readonly logp: readonly number[];
}

/**
 * What a run says about forgetting; null where it was told not to measure, or has not begun to.
 * @throws PosttrainError `file-unreadable`
 */
export function readForgetting(dir: string): ForgettingRecord | null {
  const path = join(dir, forgettingFile);
  if (!existsSync(path)) return null;
  let record: ForgettingRecord;
  try {
    record = JSON.parse(readFileSync(path, 'utf8')) as ForgettingRecord;
  } catch (cause) {
    throw new PosttrainError('file-unreadable', `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  if (record?.version === 1) return record;
  throw new PosttrainError(
    'file-unreadable',
    `${path} has version ${JSON.stringify(record?.version)}, and this posttrain reads version 1.`,
    { help: 'use the version of posttrain that made it.' },
  );
}

/** The report of a record, without what it was made from. */
export function reportOf({ measured: _, ...report }: ForgettingRecord): ForgettingReport {
  return report;
}

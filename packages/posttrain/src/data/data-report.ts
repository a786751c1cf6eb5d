import type { TrainOn } from './conversation-text.ts';
import type { SpecialTokens } from './guarded-messages.ts';
import type { Overlong } from './overlong.ts';
import type { FileFingerprint } from './read-lines.ts';
import type { RowOrigin, TokenRow } from './types.ts';

const LISTED = 20;

/** Rows to which something was done, by place and reason: the first twenty, and how many in all. */
export interface RowLedger {
  readonly count: number;
  readonly rows: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
}

/** What became of one source, in plain JSON. Nothing is dropped, cut or changed without a line here. */
export interface SourceReport {
  readonly path: string;
  /** SHA-256 of the bytes of the file, or of a folder's names and hashes. */
  readonly fingerprint: string;
  readonly files: readonly FileFingerprint[];
  /** Files of a folder that are of no known kind. */
  readonly skippedFiles: readonly string[];
  /** Keys that rows have and nothing reads, and how many rows have them. */
  readonly ignoredKeys: Readonly<Record<string, number>>;
  /** Rows, or documents, in the files. */
  readonly read: number;
  /** Rows to train on. */
  readonly used: number;
  /** Rows held out for validation. */
  readonly heldOut: number;
  /** Tokens of the used rows, those that carry loss among them, and the longest row. */
  readonly tokens: number;
  readonly lossTokens: number;
  readonly longest: number;
  /** Rows that say what an earlier row of this source says; they are used. */
  readonly duplicates: number;
  /** Longer than maxTokens: left out, cut short, or split into several rows. */
  readonly dropped: RowLedger;
  readonly cut: RowLedger;
  readonly split: RowLedger;
  /** Left out because no token of theirs carries loss. */
  readonly noLoss: RowLedger;
  /** Spell a control token, which became text (or, under `specialTokens: allow`, was read as written). */
  readonly controlStrings: RowLedger;
  /** Prompt and answer were encoded apart, because tokens would run over the border. */
  readonly splitAtPrompt: RowLedger;
  /** Became a row per assistant turn, because the template rewrites history. */
  readonly perTurn: RowLedger;
  /** What stands before an answer is not the prompt that serving would give. */
  readonly promptDiffers: RowLedger;
  /** What became of human feedback, where that is what the rows are; `used` and `heldOut` then count pairs or answers. */
  readonly judgements?: JudgementReport;
}

export interface JudgementReport {
  /** What training sees of them. */
  readonly as: 'pairs' | 'answers';
  /** Comparisons without a winner. */
  readonly ties: number;
  /** Judgements that give nothing to train on. */
  readonly unused: number;
  /** Mean tokens of the better and of the worse answers: a reward that only counts words would see this difference. */
  readonly betterTokens: number;
  readonly worseTokens: number;
  /** Left out because both answers encode to the same tokens, or one to none. */
  readonly same: RowLedger;
}

export interface DataReport {
  readonly maxTokens: number;
  readonly overlong: Overlong;
  readonly train: TrainOn;
  readonly specialTokens: SpecialTokens;
  readonly sources: readonly SourceReport[];
  /** The source that `validation` names by a path. */
  readonly validation?: SourceReport;
  /** Rows and tokens held out, from a path or by share. */
  readonly validationRows: number;
  readonly validationTokens: number;
}

/** Collects a ledger. */
export class Ledger implements RowLedger {
  count = 0;
  readonly rows: { file: string; line: number; reason: string }[] = [];

  add({ file, line }: RowOrigin, reason: string): void {
    this.count++;
    if (this.rows.length < LISTED) this.rows.push({ file, line, reason });
  }

  toJSON(): RowLedger {
    return { count: this.count, rows: this.rows };
  }
}

/** The ledgers of one source while it is prepared. */
export class SourceLedgers {
  readonly dropped = new Ledger();
  readonly cut = new Ledger();
  readonly split = new Ledger();
  readonly noLoss = new Ledger();
  readonly controlStrings = new Ledger();
  readonly splitAtPrompt = new Ledger();
  readonly perTurn = new Ledger();
  readonly promptDiffers = new Ledger();

  plain(): Record<keyof this & string, RowLedger> {
    const entries = Object.entries(this).map(([name, ledger]) => [name, (ledger as Ledger).toJSON()]);
    return Object.fromEntries(entries) as Record<keyof this & string, RowLedger>;
  }
}

export function countTokens(rows: readonly TokenRow[]): { tokens: number; lossTokens: number; longest: number } {
  let tokens = 0;
  let lossTokens = 0;
  let longest = 0;
  for (const row of rows) {
    tokens += row.tokens.length;
    longest = Math.max(longest, row.tokens.length);
    for (const weight of row.weights) if (weight > 0) lossTokens++;
  }
  return { tokens, lossTokens, longest };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { PosttrainError } from '../../support/errors.ts';
import { countTokens, Ledger, type RowLedger } from '../data-report.ts';
import { fitRow, type Overlong, refuseOverlong } from '../overlong.ts';
import type { FileFingerprint } from '../read-lines.ts';
import type { Rendered, Renderer } from '../renderer.ts';
import { RowProblems } from '../row-problems.ts';
import type { Example, Message, TokenRow } from '../types.ts';
import { checkShare, isHeldOut } from '../validation.ts';
import type { Answer, PreferencePair } from './feedback.ts';
import { preferencePairs, promptHash } from './preference-pairs.ts';
import { readFeedback } from './read-feedback.ts';

/** A pair as the model sees it: the same prompt twice, without loss, and the answers with loss. */
export interface TokenPair {
  readonly chosen: TokenRow;
  readonly rejected: TokenRow;
  readonly margin: number;
}

export interface PreparePairsOptions {
  readonly path: string;
  readonly renderer: Renderer;
  readonly maxTokens: number;
  readonly context?: number | undefined;
  /** Pairs cannot be split, and cutting the end would cut what is compared. Default: `error`. */
  readonly overlong?: Exclude<Overlong, 'split' | 'truncateEnd'> | undefined;
  /** The share to hold out, by the hash of the prompt, so that no prompt is on both sides. */
  readonly validation?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((pairsDone: number, pairsTotal: number) => void) | undefined;
}

/** What became of every judgement. */
export interface PairsReport {
  readonly path: string;
  readonly fingerprint: string;
  readonly files: readonly FileFingerprint[];
  readonly ignoredKeys: Readonly<Record<string, number>>;
  /** Judgements in the files. */
  readonly read: number;
  readonly ties: number;
  /** Judgements that give no pair. */
  readonly unused: number;
  /** Pairs to train on, and held out. */
  readonly used: number;
  readonly heldOut: number;
  /** Of both answers with their prompts; those with loss; the longest row. */
  readonly tokens: number;
  readonly lossTokens: number;
  readonly longest: number;
  /** Mean tokens of chosen and of rejected answers: a reward that only counts words would see this difference. */
  readonly chosenTokens: number;
  readonly rejectedTokens: number;
  readonly dropped: RowLedger;
  readonly cut: RowLedger;
  /** Both answers encode to the same tokens, or one has none. */
  readonly same: RowLedger;
}

export interface PreparedPairs {
  readonly pairs: readonly TokenPair[];
  readonly validation: readonly TokenPair[];
  readonly report: PairsReport;
}

const together = 256;

/**
 * Reads human feedback and renders its pairs, both answers after the same prompt.
 * @throws data-invalid, data-overlong, data-empty, special-token, template-invalid; `signal.reason` where it is aborted
 */
export async function preparePairs(options: PreparePairsOptions): Promise<PreparedPairs> {
  const { path, renderer, maxTokens, overlong = 'error', validation = 0, signal } = options;
  checkShare(validation);
  const read = await readFeedback(path, { signal });
  const { rows, ties, unused } = preferencePairs(read.rows);
  const ledgers = { dropped: new Ledger(), cut: new Ledger(), same: new Ledger() };
  const problems = new RowProblems();
  const rendered: { readonly pair: PreferencePair; readonly token: TokenPair }[] = [];
  for (let start = 0; start < rows.length; start += together) {
    const some = rows.slice(start, start + together);
    const results = await renderer.renderBatch(some.flatMap(examplesOf), problems);
    for (const [i, pair] of some.entries()) {
      const token = pairOf(pair, results[2 * i]!, results[2 * i + 1]!);
      if (token) rendered.push({ pair, token });
      else ledgers.same.add(pair.origin, 'its answers are the same tokens, or one has none');
    }
    options.onProgress?.(start + some.length, rows.length);
    await nextTurn();
    signal?.throwIfAborted();
  }
  problems.throwIfAny(rows.length, 'cannot be used');
  if (overlong === 'error') {
    const both = rendered.flatMap(({ token }) => [token.chosen, token.rejected]);
    refuseOverlong(both, maxTokens, options.context);
  }
  const fitted = rendered.flatMap(({ pair, token }) => {
    const kept = fitPair(token, maxTokens, overlong, ledgers);
    return kept ? [{ token: kept, held: validation > 0 && isHeldOut(promptHash(pair), validation) }] : [];
  });
  const pairs = fitted.filter(({ held }) => !held).map(({ token }) => token);
  const heldOut = fitted.filter(({ held }) => held).map(({ token }) => token);
  if (pairs.length === 0) throw nothingLeft(path, read.rows.length, ties, unused);
  const report: PairsReport = {
    path,
    fingerprint: read.fingerprint,
    files: read.files,
    ignoredKeys: read.ignoredKeys,
    ...{ read: read.rows.length, ties, unused, used: pairs.length, heldOut: heldOut.length },
    ...countTokens(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])),
    chosenTokens: meanLoss(pairs.map(({ chosen }) => chosen)),
    rejectedTokens: meanLoss(pairs.map(({ rejected }) => rejected)),
    dropped: ledgers.dropped.toJSON(),
    cut: ledgers.cut.toJSON(),
    same: ledgers.same.toJSON(),
  };
  return { pairs, validation: heldOut, report };
}

/** Chosen, then rejected. Earlier turns of the assistant are context: only the answers are compared. */
function examplesOf({ prompt, tools, chosen, rejected, origin }: PreferencePair): Example[] {
  const context = prompt.map(
    (message): Message => (message.role === 'assistant' ? { ...message, weight: 0 } : message),
  );
  const example = (answer: Answer): Example => {
    return { kind: 'conversation', messages: [...context, ...answer], ...(tools ? { tools } : {}), origin };
  };
  return [example(chosen), example(rejected)];
}

/** The last row of each side: a template that rewrites history makes a row of each turn, and the last has the answer. */
function pairOf({ margin = 0 }: PreferencePair, first: Rendered, second: Rendered): TokenPair | undefined {
  const [chosen, rejected] = [first.rows.at(-1), second.rows.at(-1)];
  if (!chosen || !rejected) return undefined;
  if (lossOf(chosen) === 0 || lossOf(rejected) === 0) return undefined;
  if (chosen.tokens.length === rejected.tokens.length && chosen.tokens.every((id, i) => id === rejected.tokens[i]))
    return undefined;
  return { chosen, rejected, margin };
}

function fitPair(
  { chosen, rejected, margin }: TokenPair,
  maxTokens: number,
  overlong: Overlong,
  { dropped, cut }: { readonly dropped: Ledger; readonly cut: Ledger },
): TokenPair | undefined {
  const lengths = `${chosen.tokens.length} and ${rejected.tokens.length} tokens`;
  const [first, second] = [fitRow(chosen, maxTokens, overlong), fitRow(rejected, maxTokens, overlong)];
  const [a, b] = [first.rows[0], second.rows[0]];
  if (!a || !b || lossOf(a) === 0 || lossOf(b) === 0) {
    dropped.add(chosen.origin, lengths);
    return undefined;
  }
  if (first.fate === 'cut' || second.fate === 'cut') cut.add(chosen.origin, `${lengths}, ${overlong}`);
  return { chosen: a, rejected: b, margin };
}

function lossOf({ weights }: TokenRow): number {
  return weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
}

function meanLoss(rows: readonly TokenRow[]): number {
  return rows.reduce((sum, row) => sum + lossOf(row), 0) / rows.length;
}

function nothingLeft(path: string, read: number, ties: number, unused: number): PosttrainError {
  return new PosttrainError(
    'data-empty',
    `nothing is left of ${path} to train on: ${read} judgements, ${ties} of them ties, ${unused} without a pair`,
    {
      help: 'a pair needs a better and a worse answer to the same prompt.',
      place: { file: path },
    },
  );
}

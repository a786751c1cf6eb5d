import { PosttrainError } from '../../support/errors.ts';
import { countTokens, type DataReport, Ledger, SourceLedgers, type SourceReport } from '../data-report.ts';
import { fitRow, refuseOverlong } from '../overlong.ts';
import { note, type PrepareOptions, Progress, refuseEmptyValidation } from '../prepare.ts';
import type { ReadRows } from '../read-rows.ts';
import { RowProblems } from '../row-problems.ts';
import type { Weighted } from '../step-source.ts';
import type { Example, Pack, TokenRow } from '../types.ts';
import { checkShare, isHeldOut } from '../validation.ts';
import type { Feedback } from './feedback.ts';
import {
  answersExchangedWithin,
  answersWithMismatch,
  pairsOf,
  type TokenUnit,
  type Unit,
  type UnitKind,
} from './feedback-units.ts';
import { promptHash } from './preference-pairs.ts';
import { readFeedback } from './read-feedback.ts';

export interface PreparedFeedback {
  /** Packs to train on, one entry per source, as `createPackSource` takes them: [chosen, rejected], or one answer. */
  readonly sources: readonly Weighted<Pack>[];
  readonly validation: readonly Pack[];
  readonly report: DataReport;
}

/** A source whose judgements are rendered, before its rows are fitted. */
interface Source {
  readonly path: string;
  readonly read: ReadRows<Feedback>;
  readonly made: { readonly units: readonly Unit[]; readonly ties: number; readonly unused: number };
  readonly ledgers: SourceLedgers;
  readonly same: Ledger;
  readonly rendered: readonly TokenUnit[];
}

const together = 256;

/** Pairs for the DPO family and for reward models: both answers after the same prompt. @throws as `prepareRows` */
export function preparePairs(options: PrepareOptions): Promise<PreparedFeedback> {
  return prepare(options, pairsOf);
}

/**
 * Single answers with a label for KTO, each with its mismatched twin.
 * @param within answers are exchanged inside blocks of so many; undefined: with the nearest of another prompt
 * @throws as `prepareRows`
 */
export function prepareAnswers(options: PrepareOptions, within?: number): Promise<PreparedFeedback> {
  return prepare(options, within === undefined ? answersWithMismatch : answersExchangedWithin(within));
}

/**
 * Reads human feedback, renders the answers that it judges after their prompts, holds out whole prompts (by their hash, so that no
 * prompt is on both sides), and says in a report what became of every judgement.
 */
async function prepare(options: PrepareOptions, kind: UnitKind): Promise<PreparedFeedback> {
  const share = typeof options.validation === 'number' ? options.validation : 0;
  checkShare(share);
  const progress = new Progress(options);
  const paths = options.sources.map(({ path }) => path);
  if (typeof options.validation === 'string') paths.push(options.validation);
  const reads: { path: string; read: ReadRows<Feedback>; made: Source['made'] }[] = [];
  for (const path of paths) {
    const read = await readFeedback(path, { signal: options.signal });
    reads.push({ path, read, made: kind.units(read.rows) });
  }
  progress.total = reads.reduce((sum, { made }) => sum + made.units.length, 0);
  const sources: Source[] = [];
  for (const source of reads) sources.push(await render(source, options, progress));
  if ((options.overlong ?? 'error') === 'error') {
    const rows = sources.flatMap(({ rendered }) => rendered.flatMap((unit) => unit.rows));
    refuseOverlong(rows, options.maxTokens, options.context);
  }
  const parts = sources.map((source, i) => fit(source, options, kind, i < options.sources.length ? share : 1));
  const training = parts.slice(0, options.sources.length);
  const validation = parts.flatMap(({ heldOut }) => heldOut);
  if (options.validation !== undefined && options.validation !== 0) refuseEmptyValidation(validation, options);
  for (const part of training) refuseEmpty(part);
  const named = parts[options.sources.length];
  return {
    sources: training.map(({ used }, i) => ({
      rows: used,
      weight: used.length * (options.sources[i]!.weight ?? 1),
    })),
    validation,
    report: {
      maxTokens: options.maxTokens,
      overlong: options.overlong ?? 'error',
      train: options.renderer.train,
      specialTokens: options.renderer.specialTokens,
      sources: training.map(({ report }) => report),
      ...(named ? { validation: named.report } : {}),
      validationRows: validation.length,
      validationTokens: countTokens(validation.flat()).tokens,
    },
  };
}

async function render(
  { path, read, made }: Pick<Source, 'path' | 'read' | 'made'>,
  { renderer }: PrepareOptions,
  progress: Progress,
): Promise<Source> {
  const [ledgers, same, problems] = [new SourceLedgers(), new Ledger(), new RowProblems()];
  const rendered: TokenUnit[] = [];
  for (let start = 0; start < made.units.length; start += together) {
    const some = made.units.slice(start, start + together);
    const results = (await renderer.renderBatch(some.flatMap(examplesOf), problems)).values();
    for (const unit of some) {
      const rows = examplesOf(unit).flatMap((example): TokenRow[] => {
        const result = results.next().value!;
        note(example, result, ledgers, renderer);
        // A template that rewrites history makes a row of each turn: the last has the answer.
        const row = result.rows.at(-1);
        return row && lossOf(row) > 0 ? [row] : [];
      });
      const judgements = unit.answers.map(({ judgement }) => judgement);
      if (rows.length === judgements.length && !sameTokens(rows))
        rendered.push({ hash: promptHash(unit), rows, judgements });
      else same.add(unit.origin, 'its answers are the same tokens, or one has none');
    }
    await progress.advance(some.length);
  }
  problems.throwIfAny(made.units.length, 'cannot be used');
  return { path, read, made, ledgers, same, rendered };
}

/** Earlier turns of the assistant are context: only the answer is judged. */
function examplesOf({ prompt, tools, answers, origin }: Unit): Example[] {
  const context = prompt.map((message) => (message.role === 'assistant' ? { ...message, weight: 0 } : message));
  return answers.map(({ messages }): Example => {
    return { kind: 'conversation', messages: [...context, ...messages], ...(tools ? { tools } : {}), origin };
  });
}

/** Fits both answers of a unit into maxTokens, or leaves the unit out, and divides units into training and held-out ones. */
function fit(
  { path, read, made, ledgers, same, rendered }: Source,
  options: PrepareOptions,
  kind: UnitKind,
  share: number,
) {
  const { maxTokens, overlong = 'error' } = options;
  const used: TokenUnit[] = [];
  const heldOut: TokenUnit[] = [];
  for (const unit of rendered) {
    const { hash, rows } = unit;
    const fitted = rows.map((row) => fitRow(row, maxTokens, overlong));
    const lengths = `${rows.map(({ tokens }) => tokens.length).join(' and ')} tokens`;
    const kept = fitted.flatMap(({ rows: [first] }) => (first && lossOf(first) > 0 ? [first] : []));
    if (kept.length < rows.length) {
      ledgers.dropped.add(rows[0]!.origin, lengths);
      continue;
    }
    if (fitted.some(({ fate }) => fate === 'cut')) ledgers.cut.add(rows[0]!.origin, `${lengths}, ${overlong}`);
    const held = share === 1 || (share > 0 && isHeldOut(hash, share));
    (held ? heldOut : used).push({ ...unit, rows: kept });
  }
  const packs = kind.packs(used, maxTokens);
  const rows = packs.flat();
  const report: SourceReport = {
    path,
    fingerprint: read.fingerprint,
    files: read.files,
    skippedFiles: read.skippedFiles,
    ignoredKeys: read.ignoredKeys,
    read: read.rows.length,
    used: used.length,
    heldOut: heldOut.length,
    ...countTokens(rows),
    duplicates: 0,
    ...ledgers.plain(),
    judgements: {
      as: kind.name,
      ties: made.ties,
      unused: made.unused,
      betterTokens: meanLoss(rows.filter(isBetter)),
      worseTokens: meanLoss(rows.filter((row) => !isBetter(row))),
      same: same.toJSON(),
    },
  };
  return { used: packs, heldOut: kind.packs(heldOut, maxTokens), report };
}

function isBetter({ judged }: TokenRow): boolean {
  return judged?.kind === 'chosen' || (judged?.kind === 'alone' && judged.desirable);
}

function sameTokens([first, second]: Pack): boolean {
  if (!second) return false;
  return first!.tokens.length === second.tokens.length && first!.tokens.every((id, i) => id === second.tokens[i]);
}

/** How many tokens of a row are its answer. */
function lossOf({ weights }: TokenRow): number {
  return weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
}

function meanLoss(rows: readonly TokenRow[]): number {
  return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + lossOf(row), 0) / rows.length;
}

function refuseEmpty({ used, report }: { readonly used: readonly Pack[]; readonly report: SourceReport }): void {
  if (used.length > 0) return;
  const { as, ties, unused } = report.judgements!;
  const left = report.heldOut > 0 ? `, ${report.heldOut} held out` : '';
  const long = report.dropped.count > 0 ? `, ${report.dropped.count} longer than maxTokens` : '';
  throw new PosttrainError(
    'data-empty',
    `nothing is left of ${report.path} to train on: ${report.read} judgements, ${ties} of them ties, ${unused} that give no ${as}${long}${left}`,
    {
      help:
        as === 'pairs'
          ? 'a pair needs a better and a worse answer to the same prompt.'
          : 'an answer needs a thumb, a rating on a scale, or another answer that it is compared with.',
      place: { file: report.path },
    },
  );
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { PosttrainError } from '../support/errors.ts';
import { countTokens, type DataReport, SourceLedgers, type SourceReport } from './data-report.ts';
import { fitRow, hasLoss, type Overlong, refuseOverlong } from './overlong.ts';
import { type ReadResult, readExamples } from './read-examples.ts';
import type { Rendered, Renderer } from './renderer.ts';
import { RowProblems } from './row-problems.ts';
import type { WeightedRows } from './step-source.ts';
import type { Example, TokenRow } from './types.ts';
import { checkShare, exampleHash, isHeldOut, tokensHash } from './validation.ts';

export interface PrepareOptions {
  readonly sources: readonly { readonly path: string; readonly weight?: number | undefined }[];
  readonly renderer: Renderer;
  readonly maxTokens: number;
  /** The most that `maxTokens` could be: the model's context. */
  readonly context?: number | undefined;
  readonly overlong?: Overlong | undefined;
  /** A share of the rows to hold out, by their hash, or the path of a file of its own. */
  readonly validation?: number | string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called between batches with the rows rendered so far and those known of. */
  readonly onProgress?: ((rowsDone: number, rowsTotal: number) => void) | undefined;
}

export interface PreparedData {
  /** Rows to train on, one entry per source, as `createStepSource` takes them. */
  readonly sources: readonly WeightedRows[];
  readonly validation: readonly TokenRow[];
  readonly report: DataReport;
}

/** A rendered source before its rows are fitted. */
interface Source {
  readonly path: string;
  readonly read: ReadResult;
  readonly ledgers: SourceLedgers;
  readonly rows: readonly { readonly row: TokenRow; readonly hash: string; readonly isText: boolean }[];
  readonly duplicates: number;
}

/** Between batches the event loop turns, so neither may take long: batches are bounded in rows and in characters. */
const BATCH_ROWS = 512;
const BATCH_CHARACTERS = 1 << 20;

/**
 * Reads, renders and tokenizes data, holds out a validation part, and says in a report what happened to every row.
 * @throws data-invalid, data-overlong, data-empty, special-token, template-invalid; `signal.reason` where it is aborted
 */
export async function prepareRows(options: PrepareOptions): Promise<PreparedData> {
  const share = typeof options.validation === 'number' ? options.validation : 0;
  checkShare(share);
  const progress = new Progress(options);
  const paths = options.sources.map(({ path }) => path);
  if (typeof options.validation === 'string') paths.push(options.validation);
  const reads: ReadResult[] = [];
  for (const path of paths) reads.push(await readExamples(path, { signal: options.signal }));
  progress.total = reads.reduce((sum, { examples }) => sum + examples.length, 0);
  const rendered: Source[] = [];
  for (const [i, read] of reads.entries())
    rendered.push(await renderSource(paths[i]!, read, options.renderer, progress));
  if ((options.overlong ?? 'error') === 'error') {
    refuseOverlong(
      rendered.flatMap(({ rows }) => rows.map(({ row }) => row)),
      options.maxTokens,
      options.context,
    );
  }
  const parts = rendered.map((source, i) => fitSource(source, options, i < options.sources.length ? share : 1));
  const training = parts.slice(0, options.sources.length);
  const validation = parts.flatMap(({ heldOut }) => heldOut);
  if (options.validation !== undefined && options.validation !== 0) refuseEmptyValidation(validation, options);
  for (const part of training) refuseEmpty(part);
  const named = parts[options.sources.length];
  return {
    sources: training.map(({ used }, i) => ({ rows: used, weight: options.sources[i]!.weight })),
    validation,
    report: {
      maxTokens: options.maxTokens,
      overlong: options.overlong ?? 'error',
      train: options.renderer.train,
      specialTokens: options.renderer.specialTokens,
      sources: training.map(({ report }) => report),
      ...(named ? { validation: named.report } : {}),
      validationRows: validation.length,
      validationTokens: countTokens(validation).tokens,
    },
  };
}

/** Counts rows of all sources, and lets the event loop turn. */
export class Progress {
  total = 0;
  #done = 0;
  readonly #options: Pick<PrepareOptions, 'onProgress' | 'signal'>;

  constructor(options: Pick<PrepareOptions, 'onProgress' | 'signal'>) {
    this.#options = options;
  }

  async advance(rows: number): Promise<void> {
    this.#done += rows;
    this.#options.onProgress?.(this.#done, this.total);
    await nextTurn();
    this.#options.signal?.throwIfAborted();
  }
}

async function renderSource(path: string, read: ReadResult, renderer: Renderer, progress: Progress): Promise<Source> {
  const ledgers = new SourceLedgers();
  const problems = new RowProblems();
  const rows: { row: TokenRow; hash: string; isText: boolean }[] = [];
  const hashes = new Set<string>();
  for (const batch of batches(read.examples)) {
    const results = await renderer.renderBatch(batch, problems);
    for (const [i, result] of results.entries()) {
      const example = batch[i]!;
      const hash = exampleHash(example);
      hashes.add(hash);
      note(example, result, ledgers, renderer);
      for (const row of result.rows) {
        if (hasLoss(row)) rows.push({ row, hash, isText: example.kind === 'text' });
        else ledgers.noLoss.add(example.origin, whyNoLoss(example));
      }
    }
    await progress.advance(batch.length);
  }
  problems.throwIfAny(read.examples.length, 'cannot be used');
  return { path, read, ledgers, rows, duplicates: read.examples.length - hashes.size };
}

/** Writes down what rendering did to an example. */
export function note({ origin }: Example, result: Rendered, ledgers: SourceLedgers, renderer: Renderer): void {
  if (result.controlStrings.length > 0) {
    const fate = renderer.specialTokens === 'allow' ? 'read as written' : 'kept as text';
    ledgers.controlStrings.add(origin, `${[...new Set(result.controlStrings)].join(' ')} ${fate}`);
  }
  if (result.splitAtPrompt) ledgers.splitAtPrompt.add(origin, 'a token would run over the end of the prompt');
  if (result.perTurn) ledgers.perTurn.add(origin, `${result.rows.length} rows, one per assistant turn`);
  if (result.promptDiffers)
    ledgers.promptDiffers.add(origin, 'the template writes the prompt of a turn differently at serving');
}

function whyNoLoss(example: Example): string {
  if (example.kind !== 'conversation')
    return example.kind === 'segments' ? 'every segment has weight 0' : 'no token to learn';
  const turns = example.messages.filter(({ role }) => role === 'assistant');
  if (turns.length === 0) return 'no assistant turn';
  return turns.every(({ weight }) => weight === 0)
    ? 'every assistant turn has weight 0'
    : 'no token of an assistant turn';
}

/** Fits the rows of a source into maxTokens and divides them into training and held-out ones. */
function fitSource(source: Source, options: PrepareOptions, share: number) {
  const { ledgers } = source;
  const overlong = options.overlong ?? 'error';
  const used: TokenRow[] = [];
  const heldOut: TokenRow[] = [];
  for (const { row, hash, isText } of source.rows) {
    const { rows, fate } = fitRow(row, options.maxTokens, overlong);
    const length = `${row.tokens.length} tokens`;
    if (fate === 'dropped') ledgers.dropped.add(row.origin, length);
    if (fate === 'cut') ledgers.cut.add(row.origin, `${length}, ${overlong}`);
    if (fate === 'split') ledgers.split.add(row.origin, `${length}, ${rows.length} pieces`);
    for (const piece of rows) {
      if (!hasLoss(piece)) {
        ledgers.noLoss.add(row.origin, 'nothing to learn is left in it after cutting');
        continue;
      }
      // Pieces of a document share no text; pieces of a conversation must stay together, or validation has seen them.
      const held =
        share === 1 || (share > 0 && isHeldOut(fate === 'split' && isText ? tokensHash(piece) : hash, share));
      (held ? heldOut : used).push(piece);
    }
  }
  const { read, path, duplicates } = source;
  const report: SourceReport = {
    path,
    fingerprint: read.fingerprint,
    files: read.files,
    skippedFiles: read.skippedFiles,
    ignoredKeys: read.ignoredKeys,
    read: read.examples.length,
    used: used.length,
    heldOut: heldOut.length,
    ...countTokens(used),
    duplicates,
    ...ledgers.plain(),
  };
  return { used, heldOut, report };
}

function* batches(examples: readonly Example[]): Generator<Example[]> {
  let batch: Example[] = [];
  let characters = 0;
  for (const example of examples) {
    batch.push(example);
    characters += sizeOf(example);
    if (batch.length < BATCH_ROWS && characters < BATCH_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf(example: Example): number {
  if (example.kind === 'text') return example.text.length;
  if (example.kind === 'completion') return example.prompt.length + example.completion.length;
  if (example.kind === 'tokens') return example.tokens.length;
  const pieces =
    example.kind === 'segments'
      ? example.segments.map(({ text }) => text)
      : example.messages.map(({ content }) => content);
  return pieces.reduce((sum, text) => sum + text.length, 0);
}

function refuseEmpty({ used, report }: { used: readonly TokenRow[]; report: SourceReport }): void {
  if (used.length > 0) return;
  const fates = (['noLoss', 'dropped'] as const)
    .filter((fate) => report[fate].count > 0)
    .map((fate) => `${report[fate].count} ${FATES[fate]}`);
  if (report.heldOut > 0) fates.push(`${report.heldOut} held out for validation`);
  const first = report.noLoss.rows[0] ?? report.dropped.rows[0];
  throw new PosttrainError(
    'data-empty',
    `nothing is left of ${report.path} to train on: of ${report.read} rows, ${fates.join(', ')}`,
    {
      help: first && `the first is ${first.file}:${first.line}: ${first.reason}.`,
      place: { file: report.path },
    },
  );
}

const FATES = { noLoss: 'without a token to learn', dropped: 'longer than maxTokens' } as const;

/** @throws data-empty */
export function refuseEmptyValidation(
  rows: readonly unknown[],
  { validation }: Pick<PrepareOptions, 'validation'>,
): void {
  if (rows.length > 0) return;
  throw new PosttrainError('data-empty', `validation: ${validation} leaves no row to validate on`, {
    help: 'a larger share, or the path of a file of its own; overlong: split makes rows of a long document.',
    place: { key: 'data.validation' },
  });
}

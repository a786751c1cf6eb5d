import { PosttrainError } from '../../support/errors.ts';
import { countTokens, type DataReport, SourceLedgers, type SourceReport } from '../data-report.ts';
import { fitRow, refuseOverlong } from '../overlong.ts';
import { type PrepareOptions, Progress } from '../prepare.ts';
import type { ReadRows } from '../read-rows.ts';
import { RowProblems } from '../row-problems.ts';
import type { Weighted } from '../step-source.ts';
import type { Pack, TokenRow } from '../types.ts';
import { type PromptRow, readPrompts } from './prompt-rows.ts';

export interface PreparedPrompts {
  /** Prompts as token rows without loss, each a pack, one entry per source, as `createPackSource` takes them. */
  readonly sources: readonly Weighted<Pack>[];
  /** What each token row was made of. */
  readonly promptOf: ReadonlyMap<TokenRow, PromptRow>;
  readonly report: DataReport;
}

const together = 64;

/**
 * Reads prompts and renders what a model is to continue.
 * @param options.maxTokens the longest prompt; what does not fit is left out, cut at its start, or refused
 * @throws as `prepareRows`
 */
export async function preparePrompts(options: PrepareOptions): Promise<PreparedPrompts> {
  const progress = new Progress(options);
  const reads: { readonly path: string; readonly read: ReadRows<PromptRow> }[] = [];
  for (const { path } of options.sources)
    reads.push({ path, read: await readPrompts(path, { signal: options.signal }) });
  progress.total = reads.reduce((sum, { read }) => sum + read.rows.length, 0);
  const promptOf = new Map<TokenRow, PromptRow>();
  const rendered: TokenRow[][] = [];
  for (const { read } of reads) rendered.push(await render(read.rows, options, progress, promptOf));
  if ((options.overlong ?? 'error') === 'error') refuseOverlong(rendered.flat(), options.maxTokens, options.context);
  const parts = reads.map((source, i) => fit(source, rendered[i]!, options, promptOf));
  return {
    sources: parts.map(({ used }, i) => ({
      rows: used.map((row): Pack => [row]),
      weight: used.length * (options.sources[i]!.weight ?? 1),
    })),
    promptOf,
    report: {
      maxTokens: options.maxTokens,
      overlong: options.overlong ?? 'error',
      train: options.renderer.train,
      specialTokens: options.renderer.specialTokens,
      sources: parts.map(({ report }) => report),
      validationRows: 0,
      validationTokens: 0,
    },
  };
}

async function render(
  rows: readonly PromptRow[],
  { renderer }: PrepareOptions,
  progress: Progress,
  promptOf: Map<TokenRow, PromptRow>,
): Promise<TokenRow[]> {
  const problems = new RowProblems();
  const made: TokenRow[] = [];
  for (const [i, prompt] of rows.entries()) {
    try {
      const tokens = await renderer.renderPrompt(prompt.prompt, prompt.tools ? { tools: prompt.tools } : {});
      const row = { tokens, weights: new Float32Array(tokens.length), origin: prompt.origin };
      promptOf.set(row, prompt);
      made.push(row);
    } catch (thrown) {
      if (!PosttrainError.is(thrown) || thrown.code === 'tokenizer-invalid') throw thrown;
      problems.add(prompt.origin, thrown.message, thrown.help, thrown.code);
    }
    if (i % together === together - 1) await progress.advance(together);
  }
  problems.throwIfAny(rows.length, 'cannot be used');
  await progress.advance(rows.length % together);
  return made;
}

function fit(
  { path, read }: { readonly path: string; readonly read: ReadRows<PromptRow> },
  rows: readonly TokenRow[],
  { maxTokens, overlong = 'error' }: PrepareOptions,
  promptOf: Map<TokenRow, PromptRow>,
): { readonly used: readonly TokenRow[]; readonly report: SourceReport } {
  const ledgers = new SourceLedgers();
  const used: TokenRow[] = [];
  for (const row of rows) {
    const { rows: fitted, fate } = fitRow(row, maxTokens, overlong);
    const length = `${row.tokens.length} tokens`;
    if (fate === 'dropped') ledgers.dropped.add(row.origin, length);
    if (fate === 'cut') ledgers.cut.add(row.origin, `${length}, ${overlong}`);
    for (const kept of fitted) {
      promptOf.set(kept, promptOf.get(row)!);
      used.push(kept);
    }
  }
  if (used.length === 0)
    throw new PosttrainError('data-empty', `nothing is left of ${path}: no prompt fits into ${maxTokens} tokens`, {
      help: 'data.maxTokens holds prompt and answer together.',
      place: { file: path },
    });
  const prompts = rows.map(({ tokens }) => tokens.join());
  const report: SourceReport = {
    path,
    fingerprint: read.fingerprint,
    files: read.files,
    skippedFiles: read.skippedFiles,
    ignoredKeys: read.ignoredKeys,
    read: read.rows.length,
    used: used.length,
    heldOut: 0,
    ...countTokens(used),
    duplicates: prompts.length - new Set(prompts).size,
    ...ledgers.plain(),
  };
  return { used, report };
}

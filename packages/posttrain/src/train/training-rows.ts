import { readFileSync } from 'node:fs';
import {
  createStepSource,
  type DataReport,
  type Pack,
  packRows,
  prepareRows,
  Renderer,
  type StepSource,
  Tokenizer,
  type TokenRow,
} from '../data/index.ts';
import type { RowOrigin } from '../data/types.ts';
import { baseFolder, readModelJson, tokenizerFolder } from '../models/model-folder.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { LivePlan } from './rollouts/live-source.ts';

export interface TrainingRows {
  readonly tokenizer: Tokenizer;
  /** Rows by step; where the model writes the rows itself, the prompts. */
  readonly source: StepSource;
  /** Where the model writes the rows itself: how. */
  readonly live?: LivePlan;
  readonly validation: readonly Pack[];
  /** Tokens of the longest pack a step can hold. */
  readonly longestPack: number;
  /** The largest token id of all rows, and where it stands. */
  readonly largestId: { readonly id: number; readonly origin: RowOrigin };
  /** Rows that a reference model or a teacher would be asked about: each once. */
  readonly compared: readonly TokenRow[];
  /** What a teacher reads in place of a row, where that is another: the same targets behind another prompt. */
  readonly privileged?: ReadonlyMap<TokenRow, TokenRow>;
  readonly report: DataReport;
  /** The chat template that the recipe gives instead of the model's own. */
  readonly template: string | undefined;
}

const mostTokens = 2048;

/** Tokens that the model of a folder was made for, known before it is loaded. */
export function contextOf(modelFolder: string): number {
  return Number(readModelJson(baseFolder(modelFolder), 'config.json')['max_position_embeddings'] ?? mostTokens);
}

/** `auto` is the model's context, or 2,048 where that is less. @throws recipe-invalid beyond the context. */
export function settleMaxTokens(maxTokens: number | 'auto', context: number): number {
  if (maxTokens === 'auto') return Math.min(context, mostTokens);
  if (maxTokens <= context) return maxTokens;
  throw new PosttrainError(
    'recipe-invalid',
    `data.maxTokens (${maxTokens}) is more than the model's context of ${context} tokens.`,
    {
      place: { key: 'data.maxTokens' },
      help: `at most ${context}, or auto.`,
    },
  );
}

export interface RowHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** What a template that prints the date is told: the moment the run began, also when it is resumed. */
  readonly now: Date;
}

/** The model's tokenizer, and what renders rows for it as the recipe says. */
export async function rendererFor(
  { data, train }: ResolvedRecipe,
  modelFolder: string,
  now: Date,
  preface?: string,
): Promise<Pick<TrainingRows, 'tokenizer' | 'template'> & { readonly renderer: Renderer }> {
  const tokenizer = await Tokenizer.load(tokenizerFolder(modelFolder));
  const template = data.template === undefined ? undefined : readTemplate(data.template);
  const renderer = new Renderer(tokenizer, {
    ...(train ? { train } : {}),
    specialTokens: data.specialTokens,
    preface,
    now,
    chatTemplate: template === undefined ? undefined : { source: template, file: data.template! },
  });
  return { tokenizer, template, renderer };
}

/** Reads, renders and batches the rows of a recipe whose `maxTokens` is settled. */
export async function prepareTrainingRows(
  recipe: ResolvedRecipe,
  modelFolder: string,
  hooks: RowHooks,
): Promise<TrainingRows> {
  const { data } = recipe;
  const maxTokens = data.maxTokens as number;
  const { tokenizer, template, renderer } = await rendererFor(recipe, modelFolder, hooks.now);
  const prepared = await prepareRows({
    sources: filesOf(recipe),
    renderer,
    maxTokens,
    context: contextOf(modelFolder),
    overlong: data.overlong,
    validation: data.validation === false ? undefined : data.validation,
    signal: hooks.signal,
    onProgress: hooks.onProgress,
  });
  const source = createStepSource({
    sources: prepared.sources.map(({ rows }, i) => ({
      rows,
      weight: shareOf(
        i,
        prepared.sources.map((s) => s.rows),
        recipe,
      ),
    })),
    batch: recipe.batch,
    packing: data.packing,
    maxTokens,
    seed: recipe.seed,
    shuffle: data.shuffle,
  });
  const all = [...prepared.sources.flatMap(({ rows }) => rows), ...prepared.validation];
  const longestRow = Math.max(
    ...prepared.sources.map(({ rows }) => rows.reduce((most, row) => Math.max(most, row.tokens.length), 0)),
  );
  return {
    tokenizer,
    source,
    validation: packRows(prepared.validation, maxTokens),
    longestPack: data.packing ? maxTokens : longestRow,
    compared: all,
    largestId: largestIdOf(all),
    report: prepared.report,
    template,
  };
}

/** The files that rows are drawn from: the recipe's own, then that of `replay`. */
export function filesOf({ data, replay }: ResolvedRecipe): ResolvedRecipe['data']['train'] {
  return replay ? [...data.train, { path: replay.path, weight: 1 }] : data.train;
}

export function largestIdOf(rows: readonly TokenRow[]): TrainingRows['largestId'] {
  let largest: TrainingRows['largestId'] = { id: -1, origin: rows[0]!.origin };
  for (const { tokens, origin } of rows) for (const id of tokens) if (id > largest.id) largest = { id, origin };
  return largest;
}

/** An id that the embedding has no row for would fail in the middle of the run. @throws model-invalid. */
export function refuseUnknownIds({ largestId: { id, origin } }: TrainingRows, vocabulary: number): void {
  if (id < vocabulary) return;
  throw new PosttrainError(
    'model-invalid',
    `${origin.file}:${origin.line} has the token id ${id}; the model knows ids up to ${vocabulary - 1}.`,
    {
      place: { ...origin },
      help: 'tokenizer.json and the weights must come from the same model, as must ids made elsewhere.',
    },
  );
}

/** A file's part of all draws: its rows times its weight, so that weight 2 shows each row twice as often; replay gets its share of the whole. */
function shareOf(index: number, rows: readonly (readonly TokenRow[])[], { data, replay }: ResolvedRecipe): number {
  const own = data.train.map(({ weight }, i) => rows[i]!.length * weight);
  const total = own.reduce((sum, part) => sum + part, 0);
  return own[index] ?? (total * replay!.share) / (1 - replay!.share);
}

function readTemplate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PosttrainError('file-missing', `the chat template ${path} cannot be read: ${(cause as Error).message}`, {
      place: { key: 'data.template' },
      cause,
    });
  }
}

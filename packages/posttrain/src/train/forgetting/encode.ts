import type { Tokenizer } from '../../data/index.ts';
import { RowProblems } from '../../data/row-problems.ts';
import type { ModelDimensions } from '../../models/causal-lm.ts';
import type { LikelihoodQuery } from '../../models/log-likelihood.ts';
import { pairTokens, prefixToken, rollingWindows } from '../../models/text-likelihood.ts';
import type { ForgettingFiles } from '../../runs/recipe/resolved-recipe.ts';
import { PosttrainError } from '../../support/errors.ts';
import { readSuite } from './read-suite.ts';
import { readNeutralText } from './read-text.ts';

/** One window or question as tokens. */
export interface Encoded {
  /** Tokens that go through the model for it. */
  readonly cost: number;
}

export interface EncodedWindow extends Encoded {
  readonly document: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly queries: readonly LikelihoodQuery[];
}

export interface EncodedItem extends Encoded {
  /** Where it stands in its file, from 1. */
  readonly line: number;
  /** One a choice, with one continuation each. */
  readonly choices: readonly LikelihoodQuery[];
  readonly gold: number;
}

export interface EncodedFile<Part extends Encoded> {
  readonly file: string;
  readonly sha256: string;
  readonly parts: readonly Part[];
}

/** All that could be measured, in tokens. */
export interface ForgettingData {
  readonly text: (EncodedFile<EncodedWindow> & { readonly unknownShare: number }) | null;
  readonly suite: EncodedFile<EncodedItem> | null;
}

/** Reads and encodes the files of a recipe. @throws what reading them throws; data-invalid, model-invalid for tokens that the model cannot take. */
export async function readForgettingData(
  files: ForgettingFiles,
  tokenizer: Tokenizer,
  { context, vocabulary }: Pick<ModelDimensions, 'context' | 'vocabulary'>,
): Promise<ForgettingData> {
  const text = files.text === undefined ? null : await encodeText(files.text, tokenizer, context);
  const suite = files.suite === undefined ? null : await encodeSuite(files.suite, tokenizer, context);
  const queries = [
    ...(text?.parts.flatMap((window) => window.queries) ?? []),
    ...(suite?.parts.flatMap(({ choices }) => choices) ?? []),
  ];
  for (const query of queries)
    for (const ids of [query.context, ...query.continuations]) refuseUnknown(ids, vocabulary, files);
  return { text, suite };
}

async function encodeText(file: string, tokenizer: Tokenizer, longest: number): Promise<ForgettingData['text']> {
  const { windows, sha256 } = await readNeutralText(file);
  const prefix = prefixToken(tokenizer);
  const encoded = await tokenizer.encodeFramed(windows.map(({ text }) => text));
  let [unknown, total] = [0, 0];
  const parts = windows.map(({ document, text }, i): EncodedWindow => {
    const ids = [...encoded[i]!];
    total += ids.length;
    unknown += ids.filter((id) => id === tokenizer.unk?.id).length;
    const queries = rollingWindows(ids, prefix, longest);
    const cost = queries.reduce((sum, query) => sum + query.context.length + query.continuations[0]!.length - 1, 0);
    return { document, bytes: Buffer.byteLength(text), tokens: ids.length, queries, cost };
  });
  return { file, sha256, parts, unknownShare: total === 0 ? 1 : unknown / total };
}

async function encodeSuite(file: string, tokenizer: Tokenizer, longest: number): Promise<ForgettingData['suite']> {
  const { items, sha256 } = await readSuite(file);
  const problems = new RowProblems();
  const parts: EncodedItem[] = [];
  const requests = items.map(({ prompt, continuations }) => ({ context: prompt, continuations }));
  const paired = await pairTokens(tokenizer, requests, Number.POSITIVE_INFINITY);
  for (const [i, { line, gold }] of items.entries()) {
    const pairs = paired[i]!;
    const lengths = pairs.map(({ context, continuation }) => context.length + continuation.length - 1);
    const most = Math.max(...lengths);
    if (most > longest) problems.add({ file, line }, `it is ${most} tokens long, and the model sees ${longest}.`);
    const shared = pairs[0]!.context.length;
    const cost = lengths.reduce((sum, length) => sum + length - shared, shared);
    const choices = pairs.map(({ context, continuation }) => ({ context, continuations: [continuation] }));
    parts.push({ line, choices, gold, cost });
  }
  problems.throwIfAny(items.length, 'of forgetting.suite cannot be used');
  return { file, sha256, parts };
}

function refuseUnknown(ids: readonly number[], vocabulary: number, files: ForgettingFiles): void {
  const unknown = ids.find((id) => id >= vocabulary);
  if (unknown === undefined) return;
  throw new PosttrainError(
    'model-invalid',
    `the tokenizer gives the id ${unknown} for ${files.text ?? files.suite}; the model knows ids up to ${vocabulary - 1}.`,
    { help: 'tokenizer.json and the weights must come from the same model.' },
  );
}

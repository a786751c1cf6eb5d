import { describeType } from './messages.ts';
import { RowError } from './row-problems.ts';
import type { Example, TokenRow } from './types.ts';

type TokenIds = Omit<Extract<Example, { kind: 'tokens' }>, 'origin'>;

/** The label of a token that is not learned, as PyTorch's cross-entropy ignores it. */
const notLearned = -100;

/**
 * Reads a row of token ids made elsewhere: `input_ids`, `labels` (each its token, or -100), `seq_lengths` of the documents
 * in a packed row. The names are transformers' and TRL's.
 * @throws RowError naming the key and the place in it
 */
export function parseTokenIds(row: Readonly<Record<string, unknown>>): TokenIds {
  const tokens = integers(row, 'input_ids');
  const labels = row['labels'] === undefined ? undefined : integers(row, 'labels');
  const documents = row['seq_lengths'] === undefined ? undefined : integers(row, 'seq_lengths');
  if (labels) checkLabels(labels, tokens);
  if (documents) checkDocuments(documents, tokens.length);
  return {
    kind: 'tokens',
    tokens,
    ...(labels ? { learned: labels.map((label) => label !== notLearned) } : {}),
    ...(documents ? { documents } : {}),
  };
}

/** The row as the model sees it. Nothing comes before the first token of a document, so it is never learned. */
export function tokenIdRow({ tokens, learned, documents }: TokenIds, vocabSize: number): Omit<TokenRow, 'origin'> {
  const beyond = tokens.findIndex((id) => id < 0 || id >= vocabSize);
  if (beyond >= 0) {
    throw new RowError(`input_ids[${beyond}] is ${tokens[beyond]}; the tokenizer has ids from 0 to ${vocabSize - 1}`);
  }
  const weights = Float32Array.from(tokens, (_, i) => Number(learned?.[i] ?? true));
  let start = 0;
  for (const length of documents ?? [tokens.length]) {
    weights[start] = 0;
    start += length;
  }
  return { tokens: Int32Array.from(tokens), weights, ...(documents ? { documents } : {}) };
}

function checkLabels(labels: readonly number[], tokens: readonly number[]): void {
  if (labels.length !== tokens.length) {
    throw new RowError(`"labels" has ${labels.length} entries, "input_ids" has ${tokens.length}`);
  }
  const wrong = labels.findIndex((label, i) => label !== notLearned && label !== tokens[i]);
  if (wrong < 0) return;
  throw new RowError(
    `labels[${wrong}] is ${labels[wrong]}, and input_ids[${wrong}] is ${tokens[wrong]}`,
    'a label is the token at its own place, or -100 for one that is not learned; they are shifted here.',
  );
}

function checkDocuments(documents: readonly number[], total: number): void {
  const sum = documents.reduce((all, length) => all + length, 0);
  if (documents.some((length) => length < 1)) throw new RowError('"seq_lengths" holds a length below 1');
  if (sum !== total) throw new RowError(`"seq_lengths" sums to ${sum}, and "input_ids" has ${total} entries`);
}

function integers(row: Readonly<Record<string, unknown>>, key: string): number[] {
  const value = row[key];
  if (!Array.isArray(value)) throw new RowError(`"${key}" is ${describeType(value)}, not a list of integers`);
  if (value.length === 0) throw new RowError(`"${key}" is empty`);
  const wrong = value.findIndex((entry) => !Number.isInteger(entry));
  if (wrong >= 0) throw new RowError(`${key}[${wrong}] is ${JSON.stringify(value[wrong])}, not an integer`);
  return value as number[];
}

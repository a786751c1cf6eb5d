import { PosttrainError } from '../../support/errors.ts';
import { nearestName } from '../../support/nearest.ts';
import { type DataRow, textOf } from '../data-source.ts';

/** A row of a file of one's own questions. */
export interface QuestionRow {
  readonly question: string;
  /** Answers that are right; none where nothing can be known. */
  readonly answers: readonly string[];
  /** Texts to answer from, `[1]` first. */
  readonly sources: readonly string[];
  /** The numbers of the sources that hold the answer; null where the row does not say. */
  readonly cites: readonly number[] | null;
  readonly cluster: string | null;
  readonly stratum: string | null;
}

const columns = ['question', 'answer', 'answers', 'unanswerable', 'sources', 'context', 'cites', 'cluster', 'stratum'];

/**
 * Reads a row with `question`, `answer` or `answers` (or `unanswerable: true`), and as it likes `sources` or `context`, `cites`,
 * `cluster`, `stratum`. In CSV and TSV files a list is JSON. Other columns are the user's own; one that looks like a
 * misspelled name is refused.
 * @throws PosttrainError `data-invalid`
 */
export function readQuestion(row: DataRow): QuestionRow {
  for (const name of Object.keys(row)) {
    const meant = columns.includes(name)
      ? undefined
      : nearestName(
          name,
          columns.filter((column) => !(column in row)),
        );
    if (meant !== undefined) throw wrong(`there is a column "${name}", which is not read`, `Did you mean "${meant}"?`);
  }
  if (!('question' in row)) throw wrong('it has no "question"', `it has ${Object.keys(row).join(', ')}.`);
  const question = textOf(row, 'question').trim();
  if (question === '') throw wrong('the question is empty', 'leave the row out of the file.');
  const [answers, sources] = [answersOf(row), sourcesOf(row)];
  return {
    ...{ question, answers, sources },
    cites: citesOf(row, sources.length),
    cluster: labelOf(row, 'cluster'),
    stratum: labelOf(row, 'stratum'),
  };
}

function answersOf(row: DataRow): string[] {
  const unanswerable = flagOf(row, 'unanswerable');
  if (given(row['answer']) && given(row['answers'])) throw wrong('it has both "answer" and "answers"', 'keep one.');
  const answers = (given(row['answers']) ? listOf(row, 'answers') : given(row['answer']) ? [asText(row, 'answer')] : [])
    .map((answer) => answer.trim())
    .filter((answer) => answer !== '');
  if (unanswerable && answers.length > 0) throw wrong('it is unanswerable and has an answer', 'remove one of the two.');
  if (!unanswerable && answers.length === 0)
    throw wrong('it has no answer', 'write "answer", or "unanswerable": true where the right thing is not to answer.');
  return answers;
}

/** The number 1789 is a good answer too. */
function asText(row: DataRow, key: string): string {
  return typeof row[key] === 'number' ? String(row[key]) : textOf(row, key);
}

function sourcesOf(row: DataRow): string[] {
  if (given(row['sources']) && given(row['context'])) throw wrong('it has both "sources" and "context"', 'keep one.');
  if (given(row['context'])) return [textOf(row, 'context')];
  return given(row['sources']) ? listOf(row, 'sources') : [];
}

function citesOf(row: DataRow, sources: number): number[] | null {
  if (!given(row['cites'])) return null;
  const value = parsed(row['cites']);
  const cites = Array.isArray(value) ? (value as unknown[]) : [value];
  const known = (one: unknown) => typeof one === 'number' && Number.isInteger(one) && one >= 1 && one <= sources;
  if (cites.length > 0 && cites.every(known)) return cites as number[];
  throw wrong(
    `"cites" is ${shown(row['cites'])}`,
    `it gives the numbers of the sources that hold the answer, from 1 to ${sources}.`,
  );
}

/** A list of texts, or of objects with a `text`. */
function listOf(row: DataRow, key: string): string[] {
  const value = parsed(row[key]);
  const texts = (Array.isArray(value) ? (value as unknown[]) : []).map((one) =>
    typeof one === 'number'
      ? String(one)
      : typeof one === 'object' && one !== null
        ? (one as { readonly text?: unknown }).text
        : one,
  );
  if (texts.length > 0 && texts.every((text) => typeof text === 'string')) return texts as string[];
  throw wrong(`"${key}" is ${shown(row[key])}`, `it is a list of texts: ["one", "two"].`);
}

function flagOf(row: DataRow, key: string): boolean {
  const text = String(row[key] ?? '').toLowerCase();
  if (['true', 'yes', '1'].includes(text)) return true;
  if (['', 'false', 'no', '0'].includes(text)) return false;
  throw wrong(`"${key}" is ${shown(row[key])}`, 'it is true or false.');
}

function labelOf(row: DataRow, key: string): string | null {
  const value = row[key];
  if (!given(value)) return null;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(`"${key}" is ${shown(value)}`, 'it is a text or a number.');
}

/** An empty field of a table is none. */
const given = (value: unknown) => value !== undefined && value !== null && value !== '';

/** A field of a table holds a list as JSON. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 60);

function wrong(what: string, help: string): PosttrainError {
  return new PosttrainError('data-invalid', `${what}.`, {
    help: `${help} A row has question, answer or answers (or unanswerable), and may have sources or context, cites, cluster, stratum.`,
  });
}

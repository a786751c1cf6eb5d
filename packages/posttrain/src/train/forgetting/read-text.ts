import { extname } from 'node:path';
import { readText } from '../../data/read-lines.ts';
import { RowError } from '../../data/row-problems.ts';
import { PosttrainError } from '../../support/errors.ts';
import { fileError, readJsonRows, refuseFew } from './read-rows.ts';

/** A piece of a document, measured by itself. It is cut by characters, so that it is the same for every tokenizer. */
export interface TextWindow {
  /** The document's number in the file, from 1. */
  readonly document: number;
  readonly text: string;
}

export interface NeutralText {
  readonly file: string;
  readonly sha256: string;
  readonly windows: readonly TextWindow[];
}

const longestWindow = 1024;
const key = 'forgetting.text';

/**
 * Reads a .txt or .md file as one document, or a .jsonl file with one `{"text"}` a line, and cuts it into windows.
 * @throws file-missing, file-unreadable, data-empty, data-invalid for rows without text or fewer than ten windows.
 */
export async function readNeutralText(file: string): Promise<NeutralText> {
  const { documents, sha256 } = await readDocuments(file);
  const windows = documents.flatMap((text, i) =>
    cutIntoWindows(text).map((piece) => ({ document: i + 1, text: piece })),
  );
  refuseFew(windows.length, 'window', file, key, `a window is at most ${longestWindow} characters of one document.`);
  return { file, sha256, windows };
}

async function readDocuments(file: string): Promise<{ documents: readonly string[]; sha256: string }> {
  const ending = extname(file).toLowerCase();
  if (ending === '.jsonl') {
    const { rows, sha256 } = await readJsonRows(file, key, textOf);
    return { documents: rows, sha256 };
  }
  const place = { file, key };
  if (ending !== '.txt' && ending !== '.md')
    throw new PosttrainError('data-invalid', `${file} is no text: its name ends in ${ending || 'nothing'}.`, {
      place,
      help: 'a neutral text is a .txt or .md file, or .jsonl of {"text"}.',
    });
  const { text, fingerprint } = await readText(file).catch((cause: unknown) => {
    throw fileError(file, key, cause);
  });
  if (text === null) throw new PosttrainError('file-unreadable', `${file} is not UTF-8 text.`, { place });
  if (text.trim() === '') throw new PosttrainError('data-empty', `${file} holds no text.`, { place });
  return { documents: [text], sha256: fingerprint.sha256 };
}

function textOf({ text }: Readonly<Record<string, unknown>>): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new RowError(text === undefined ? 'it has no "text".' : `"text" is ${JSON.stringify(text)}, which is no text.`);
}

/** Where a text may be cut, the best first: after a blank line, a line, a sentence, a word. */
const borders = [/\n\s*\n/g, /\n/g, /[.!?]["'”’)]*\s/g, /\s/g];

/** Pieces of at most 1,024 characters that put together are the text. */
export function cutIntoWindows(text: string): string[] {
  const windows: string[] = [];
  let rest = text;
  while (rest.length > longestWindow) {
    const end = borderIn(rest.slice(0, longestWindow));
    windows.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  // White space alone has nothing to measure.
  if (rest.trim() === '' && windows.length > 0) windows.push(windows.pop()! + rest);
  else windows.push(rest);
  return windows;
}

/** The end of a window that begins like this: the last border of the best kind in its second half. */
function borderIn(start: string): number {
  for (const border of borders) {
    const last = [...start.matchAll(border)].at(-1);
    const end = last ? last.index + last[0].length : 0;
    if (end > start.length / 2) return end;
  }
  const last = start.charCodeAt(start.length - 1);
  // Not between the halves of a surrogate pair.
  return last >= 0xd800 && last < 0xdc00 ? start.length - 1 : start.length;
}

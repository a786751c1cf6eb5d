// The public-domain books of ../shared/data/classic_books as rows of one chapter each: what the English base learns, and what
// it is measured on.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const books = fileURLToPath(new URL('../../../shared/data/classic_books/', import.meta.url));

/** Whole books by four authors are held out: no chapter of theirs is learnt. */
const heldOutBooks = new Set([
  'A Study in Scarlet',
  'The Call of the Wild',
  'The Railway Children',
  'The Time Machine',
]);
/** Enough for a loss to the third decimal, and few enough to be measured often. */
const heldOutChapters = 3;

/** @returns {{ train: { text: string }[], heldOut: { text: string }[] }} chapters in a fixed order */
export function readBooks() {
  if (!existsSync(books)) throw new Error(`${books} is not here: the books are not part of this repository.`);
  const files = readdirSync(books, { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .sort();
  const train = [];
  const heldOut = [];
  for (const file of files) {
    const chapters = chaptersOf(readFileSync(join(books, file), 'utf8'));
    if (heldOutBooks.has(basename(file, '.md'))) heldOut.push(...chapters.slice(0, heldOutChapters));
    else train.push(...chapters);
  }
  return { train, heldOut };
}

/** The text between two headings, without the file's title block, Markdown's emphasis and its hard line ends. */
function chaptersOf(markdown) {
  const body = markdown.slice(markdown.indexOf('\n-------') + 8);
  return body
    .split(/^#+ .*$/m)
    .map((text) =>
      text
        .replace(/\\([*_#.\-[\]])/g, '$1')
        .replace(/(?<![A-Za-z0-9])[_*]+|[_*]+(?![A-Za-z0-9])/g, '')
        .replace(/[ \t]+$/gm, '')
        .replace(/\r/g, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim(),
    )
    .filter((text) => text.length >= 400)
    .map((text) => ({ text }));
}

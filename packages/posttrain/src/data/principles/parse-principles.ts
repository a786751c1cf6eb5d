import { createHash } from 'node:crypto';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { PosttrainError } from '../../support/errors.ts';
import { nearestName } from '../../support/nearest.ts';
import { markdownLines } from './markdown-lines.ts';
import type { Principle, Principles } from './principles.ts';

const shape =
  'a principle is a heading of two marks (## No invented sources), with {#an-id} after it where one is wanted, and its text below; paragraphs that begin with "Critique request:" and "Revision request:" are optional.';

/** Asked where neither the principle nor the front matter says otherwise. */
const usualRequests = {
  critique:
    'Say in a few sentences where your last answer falls short of this principle, and quote the words concerned. If it does not fall short, say so.',
  revision:
    'Rewrite your answer so that it keeps to the principle and mends what you found. Keep what was right. Give the new answer alone.',
} as const;

type Requests = Readonly<Record<'critique' | 'revision', string>>;

/**
 * Reads written standards from Markdown. Everything that is wrong is said at once, with its line.
 * @throws PosttrainError `data-invalid` naming file and lines; `data-empty` where no principle stands in it
 */
export function parsePrinciples(text: string, file: string): Principles {
  const problems: Problem[] = [];
  const { lines, front } = markdownLines(text, (line, message) => problems.push({ line, message }));
  const { title, requests } = readFrontMatter(front, problems);
  const document = splitPrinciples(lines, problems);
  const principles = document.sections.map((section) => readSection(section, requests, problems));
  refuseTwins(principles, problems);
  if (problems.length > 0) throw unreadable(file, problems);
  if (principles.length === 0)
    throw new PosttrainError('data-empty', `${file} holds no principle.`, { help: shape, place: { file } });
  return { title: title ?? document.title, principles, fingerprint: createHash('sha256').update(text).digest('hex') };
}

interface Problem {
  readonly line: number;
  readonly message: string;
}

function unreadable(file: string, problems: readonly Problem[]): PosttrainError {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const list = sorted.map(({ line, message }) => `\n  ${file}:${line}: ${message}`).join('');
  return new PosttrainError('data-invalid', `the principles cannot be read:${list}`, {
    help: shape,
    place: { file, line: sorted[0]!.line },
    data: { problems: sorted },
  });
}

const frontKeys = ['title', 'critique', 'revision'];

function readFrontMatter(text: string | null, problems: Problem[]): { title: string | null; requests: Requests } {
  if (text === null) return { title: null, requests: usualRequests };
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  // The first line of the file is the --- above.
  const at = (offset: number) => counter.linePos(offset).line + 1;
  for (const { pos, message } of document.errors) problems.push({ line: at(pos[0]), message });
  const found: Record<string, string> = {};
  if (isMap(document.contents)) {
    for (const { key, value } of document.contents.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const line = at(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
      if (!frontKeys.includes(name)) problems.push({ line, message: unknownKey(name) });
      else if (!isScalar(value) || typeof value.value !== 'string' || value.value.trim() === '')
        problems.push({ line, message: `${name} is no text.` });
      else found[name] = value.value.trim();
    }
  } else if (document.contents !== null) problems.push({ line: 2, message: 'the front matter holds no keys.' });
  const { title = null, ...requests } = found;
  return { title, requests: { ...usualRequests, ...requests } };
}

function unknownKey(name: string): string {
  const near = nearestName(name, frontKeys);
  return `the front matter has a key "${name}"${near ? `, which looks like "${near}"` : ''}; it may have ${frontKeys.join(', ')}.`;
}

interface Section {
  readonly heading: string;
  readonly line: number;
  readonly lines: { readonly text: string; readonly line: number }[];
}

/** One `#` names the document and may be followed by an introduction; each `##` begins a principle. */
function splitPrinciples(lines: ReturnType<typeof markdownLines>['lines'], problems: Problem[]) {
  let title: string | null = null;
  const sections: Section[] = [];
  for (const { text, line, heading } of lines) {
    if (heading === null) sections.at(-1)?.lines.push({ text, line });
    else if (heading.level === 2) sections.push({ heading: heading.text, line, lines: [] });
    else if (heading.level === 1 && title === null && sections.length === 0) title = heading.text;
    else
      problems.push({
        line,
        message: `the heading "${heading.text}" has ${heading.level === 1 ? 'one mark' : `${heading.level} marks`}; principles have two, and only the title, which stands first, has one.`,
      });
  }
  return { title, sections };
}

function readSection({ heading, line, lines }: Section, usual: Requests, problems: Problem[]): Principle {
  const [, title, given] = /^(.*?)\s*(?:\{#([^}]*)\})?$/.exec(heading)!;
  const id = given ?? slugOf(title!);
  if (title === '') problems.push({ line, message: 'the heading is empty.' });
  if (!/^[\p{L}\p{N}]+([-_][\p{L}\p{N}]+)*$/u.test(id))
    problems.push({
      line,
      message: `"${id}" is no id: letters and digits, with - between. Write one as {#my-id} after the heading.`,
    });
  const found: { critique?: string; revision?: string } = {};
  const texts: string[] = [];
  for (const paragraph of paragraphsOf(lines)) {
    const label = labelOf(paragraph.text);
    if (label === null) texts.push(paragraph.text);
    else if (label.wrong !== null) problems.push({ line: paragraph.line, message: label.wrong });
    else if (found[label.name] !== undefined)
      problems.push({ line: paragraph.line, message: `"${title}" has a second ${label.name} request.` });
    else if (label.text === '')
      problems.push({ line: paragraph.line, message: `the ${label.name} request of "${title}" is empty.` });
    else found[label.name] = label.text;
  }
  if (texts.length === 0) problems.push({ line, message: `the principle "${title}" has no text.` });
  return { id, title: title!, text: texts.join('\n\n'), ...usual, ...found, line };
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[’']/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

function paragraphsOf(lines: Section['lines']): { text: string; line: number }[] {
  const paragraphs: { text: string; line: number }[] = [];
  let open = false;
  for (const { text, line } of lines) {
    if (text.trim() === '') open = false;
    else if (open) paragraphs.at(-1)!.text += `\n${text.trimEnd()}`;
    else {
      paragraphs.push({ text: text.trimEnd(), line });
      open = true;
    }
  }
  return paragraphs;
}

type Label =
  | { readonly name: 'critique' | 'revision'; readonly text: string; readonly wrong: null }
  | { readonly wrong: string };

/** The request that a paragraph is, null for text; what only looks like a request is a mistake, not a text. */
function labelOf(paragraph: string): Label | null {
  const match = /^[*_]*([\p{L} ]{3,30}?)(?::[*_]*|[*_]+:)\s*([\s\S]*)$/u.exec(paragraph);
  if (!match) return null;
  const label = match[1]!.toLowerCase().trim();
  if (label === 'critique request') return { name: 'critique', text: match[2]!.trim(), wrong: null };
  if (label === 'revision request') return { name: 'revision', text: match[2]!.trim(), wrong: null };
  const near = /^critique|^revision/.test(label)
    ? `${label.split(' ')[0]} request`
    : nearestName(label, ['critique request', 'revision request']);
  return near === undefined ? null : { wrong: `the paragraph begins with "${match[1]}:"; it is "${near}:" in full.` };
}

function refuseTwins(principles: readonly Principle[], problems: Problem[]): void {
  const first = new Map<string, number>();
  for (const { id, line } of principles) {
    const before = first.get(id);
    if (before === undefined) first.set(id, line);
    else problems.push({ line, message: `the id "${id}" is taken by line ${before}; write another as {#my-id}.` });
  }
}

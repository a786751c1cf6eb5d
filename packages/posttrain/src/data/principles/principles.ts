import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PosttrainError } from '../../support/errors.ts';
import { Random } from '../../support/random.ts';
import { readText } from '../read-lines.ts';
import { parsePrinciples } from './parse-principles.ts';

/** One written standard that answers are held to. */
export interface Principle {
  /** Names it in rows and reports: `{#id}` after its heading, or made from the heading. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** What a model is told in order to criticise its answer, and then to revise it. */
  readonly critique: string;
  readonly revision: string;
  /** Of its heading. */
  readonly line: number;
}

export interface Principles {
  readonly title: string | null;
  readonly principles: readonly Principle[];
  /** SHA-256 of the file: other words are other principles. */
  readonly fingerprint: string;
}

const bundled: Readonly<Record<string, string>> = {
  'regulated-qa': fileURLToPath(new URL('../../../assets/principles/regulated-qa.md', import.meta.url)),
};

/**
 * Reads a `principles.md`, or the standards that come with the package by their name, `regulated-qa`.
 * @throws PosttrainError `file-missing`; `file-unreadable`; `data-invalid` naming every line that is wrong; `data-empty`
 */
export async function readPrinciples(path: string): Promise<Principles> {
  const file = existsSync(path) ? path : bundled[path];
  if (file === undefined)
    throw new PosttrainError('file-missing', `There is no file ${path}.`, {
      help: `standards come from a Markdown file, or are ${Object.keys(bundled).join(', ')}, which comes with the package.`,
      place: { file: path },
    });
  const { text } = await readText(file);
  if (text === null)
    throw new PosttrainError('file-unreadable', `${basename(file)} is not valid UTF-8.`, { place: { file } });
  return parsePrinciples(text, path);
}

/**
 * `count` principles for an item, by its name: the same for the same seed, whatever other items there are. None comes twice before all
 * have come.
 */
export function drawPrinciples(
  principles: readonly Principle[],
  count: number,
  { seed, item }: { readonly seed: number; readonly item: string },
): Principle[] {
  const drawn: Principle[] = [];
  for (let round = 0; drawn.length < count; round++)
    drawn.push(...Random.of(seed, 'principles', item, round).shuffle(principles));
  return drawn.slice(0, count);
}

import { extname } from 'node:path';
import { countUnits, perplexities, type RolledText } from '../../scoring/choice/perplexity.ts';
import { type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric, Axis } from '../metric.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';

interface Doc {
  readonly file: string;
  readonly text: string;
}

/** Long texts are cut after a blank line that follows this many characters: several items give an interval. */
const pieceLength = 4000;

const wordPerplexity: AggregateMetric<Doc, RolledText> = {
  kind: 'aggregate',
  about: 'perplexity of a word, words being parted by white space',
  higherIsBetter: false,
  compute: (texts) => (texts.some(({ words }) => words > 0) ? perplexities(texts).wordPerplexity : null),
};

/** The fit to a text of one's own, as lm-evaluation-harness 0.4.13 measures `wikitext`: one ratio of sums, comparable across tokenizers. */
function bitsPerByteOf(name: string, axis: Axis, data: string, what: string) {
  return defineTask({
    name,
    version: 1,
    axis,
    data,
    about: `How well the model predicts ${what}.`,
    split: 'every .txt and .md file in pieces that end at a blank line, and "text" of every row of other files',
    docs: readTexts,
    request: ({ text }) => ({ kind: 'rolling', text }),
    metrics: {
      bits_per_byte: {
        kind: 'ratio',
        about: '−log2 p of the text over its UTF-8 bytes; chance draws bytes evenly',
        higherIsBetter: false,
        chance: 8,
      },
      word_perplexity: wordPerplexity,
    },
    cluster: (doc) => doc.file,
    score: ({ text }, { logp }) => {
      const { words, bytes } = countUnits(text);
      return {
        values: {
          bits_per_byte: { numerator: -logp / Math.LN2, denominator: bytes },
          word_perplexity: { logLikelihood: logp, words, bytes },
        },
      };
    },
  });
}

export const bitsPerByte = bitsPerByteOf('bits_per_byte', 'forgetting', 'text', 'general text');
export const domainBitsPerByte = bitsPerByteOf('bits_per_byte/domain', 'domain', 'domain_text', 'text of the domain');

const plainEndings = ['.txt', '.md'];
const rowEndings = ['.jsonl', '.json', '.csv', '.tsv'];

function readTexts(source: DataSource): Doc[] {
  if (!source.isFolder) return textsOfFile(source, source.path.split(/[/\\]/).at(-1)!, undefined);
  return source
    .files()
    .filter((file) => [...plainEndings, ...rowEndings].includes(extname(file).toLowerCase()))
    .flatMap((file) => textsOfFile(source, file, file));
}

function textsOfFile(source: DataSource, name: string, file: string | undefined): Doc[] {
  if (!plainEndings.includes(extname(name).toLowerCase()))
    // A row is a text by itself, so it is its own cluster.
    return readRows(source, (row) => textOf(row, 'text'), file).map((text, i) => ({ file: `${name}#${i + 1}`, text }));
  return cutAtBlankLines(source.text(file)).map((text) => ({ file: name, text }));
}

/** Pieces that put together are the text. */
export function cutAtBlankLines(text: string): string[] {
  const pieces: string[] = [];
  let open = '';
  for (const paragraph of text.match(/[\s\S]*?(?:\n[^\S\n]*\n\s*|$)/g) ?? []) {
    open += paragraph;
    if (open.length < pieceLength) continue;
    pieces.push(open);
    open = '';
  }
  if (open.trim() === '' && pieces.length > 0) pieces.push(pieces.pop()! + open);
  else if (open !== '') pieces.push(open);
  return pieces;
}

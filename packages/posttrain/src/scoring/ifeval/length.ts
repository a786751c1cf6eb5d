import { PosttrainError } from '../../support/errors.ts';
import { splitSentences } from '../citations/sentences.ts';
import { spaceClass, splitWords, strip, stripStart, wordClass } from '../python-text.ts';
import { count, filledText, holds, relation, type Verifier, verifier } from './verifier.ts';

const word = new RegExp(`[${wordClass}]+`, 'gu');
const paragraphDivider = new RegExp(`[${spaceClass}]?\\*\\*\\*[${spaceClass}]?`, 'u');
const endOfFirstWord = /[.,?!'"]/;

export const lengthVerifiers: readonly Verifier[] = [
  verifier('length_constraints:number_words', { num_words: count, relation }, (text, { num_words, relation }) =>
    holds(text.match(word)?.length ?? 0, relation, num_words),
  ),

  // The reference counts with NLTK's trained Punkt model; our own splitter stands in until another is given.
  verifier(
    'length_constraints:number_sentences',
    { num_sentences: count, relation },
    (text, { num_sentences, relation }, tools) =>
      holds((tools.splitSentences ?? splitSentences)(text).length, relation, num_sentences),
    (tools) => (tools.splitSentences ? 'exact' : 'approximate'),
  ),

  // Paragraphs stand between `***`; an empty one is allowed at either end only.
  verifier('length_constraints:number_paragraphs', { num_paragraphs: count }, (text, { num_paragraphs }) => {
    const paragraphs = text.split(paragraphDivider);
    const empty = paragraphs.flatMap((paragraph, i) => (strip(paragraph) === '' ? [i] : []));
    if (empty.some((i) => i !== 0 && i !== paragraphs.length - 1)) return false;
    return paragraphs.length - empty.length === num_paragraphs;
  }),

  paragraphFirstWord(),
];

/** Paragraphs stand between two line ends here. Empty ones are not counted but keep their place in the numbering, as in the reference. */
function paragraphFirstWord(): Verifier {
  const base = verifier(
    'length_constraints:nth_paragraph_first_word',
    { num_paragraphs: count, nth_paragraph: count, first_word: filledText },
    (text, { num_paragraphs, nth_paragraph, first_word }) => {
      const paragraphs = text.split('\n\n');
      const filled = paragraphs.filter((paragraph) => strip(paragraph) !== '').length;
      const wanted = strip(paragraphs[nth_paragraph - 1] ?? '');
      if (nth_paragraph > filled || wanted === '') return false;
      return filled === num_paragraphs && firstWord(wanted) === first_word.toLowerCase();
    },
  );
  return { ...base, bind: (given) => base.bind(checkPlace(given)) };
}

/** The reference draws another paragraph at random where the number is out of range. */
function checkPlace(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { nth_paragraph: nth, num_paragraphs: of } = given;
  if (typeof nth === 'number' && typeof of === 'number' && (nth < 1 || nth > of))
    throw new PosttrainError(
      'data-invalid',
      `length_constraints:nth_paragraph_first_word: nth_paragraph is ${nth} of ${of} paragraphs.`,
      { help: 'paragraphs count from 1' },
    );
  return given;
}

/** The first word, lower-cased, up to the first of `. , ? ! ' "` after opening quotes. */
function firstWord(paragraph: string): string {
  const unquoted = stripStart(stripStart(splitWords(paragraph)[0] ?? '', "'"), '"');
  return (unquoted.split(endOfFirstWord)[0] ?? '').toLowerCase();
}

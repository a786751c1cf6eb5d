import { escapePattern, strip, wordBoundary } from '../python-text.ts';
import { asciiLetter, count, filledText, filledTexts, holds, relation, type Verifier, verifier } from './verifier.ts';

/**
 * Keywords are plain text here. The reference takes them for regular expressions; no keyword of the published prompts has a
 * character that would tell the two apart.
 */
function plainPattern(text: string): RegExp {
  return new RegExp(escapePattern(text), 'giu');
}

export const keywordVerifiers: readonly Verifier[] = [
  // Every keyword occurs, inside other words too.
  verifier('keywords:existence', { keywords: filledTexts }, (text, { keywords }) =>
    keywords.every((keyword) => text.search(plainPattern(keyword)) >= 0),
  ),

  // Occurrences inside other words count: "concatenate" has a "cat".
  verifier(
    'keywords:frequency',
    { keyword: filledText, frequency: count, relation },
    (text, { keyword, frequency, relation }) =>
      holds(text.match(plainPattern(strip(keyword)))?.length ?? 0, relation, frequency),
  ),

  // Whole words only: "concatenate" is free of "cat".
  verifier('keywords:forbidden_words', { forbidden_words: filledTexts }, (text, { forbidden_words }) =>
    forbidden_words.every(
      (word) => text.search(new RegExp(wordBoundary + escapePattern(word) + wordBoundary, 'iu')) < 0,
    ),
  ),

  verifier(
    'keywords:letter_frequency',
    { letter: asciiLetter, let_frequency: count, let_relation: relation },
    (text, { letter, let_frequency, let_relation }) =>
      holds(text.toLowerCase().split(letter).length - 1, let_relation, let_frequency),
  ),
];

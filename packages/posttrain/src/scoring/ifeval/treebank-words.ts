import { spaceClass, splitWords, wordBoundary, wordClass } from '../python-text.ts';

/**
 * The word tokenizer behind `nltk.word_tokenize`, rule for rule and in its order (NLTK 3.9 and later, `NLTKWordTokenizer`,
 * after R. MacIntyre's Treebank sed script). NLTK cuts sentences first and tokenizes each; here the whole text is one, so only
 * the stop at the end of the text becomes a token of its own: `DONE.` inside a text stays one word, which is as upper case as `DONE`.
 */
type Rule = readonly [pattern: RegExp, replacement: string];

const startingQuotes: readonly Rule[] = [
  [/([«“‘„]|`+)/gu, ' $1 '],
  [/^"/gu, '``'],
  [/(``)/gu, ' $1 '],
  [/([ ([{<])("|'{2})/gu, '$1 `` '],
  [new RegExp(`(?<![${wordClass}])(')(?!(?:re|ve|ll|m|t|s|d|n)${wordBoundary})(?=[${wordClass}])`, 'giu'), '$1 '],
];

const punctuation: readonly Rule[] = [
  [new RegExp(`([^.])(\\.)([\\])}>"'»”’ ]*)[${spaceClass}]*$`, 'gu'), '$1 $2 $3 '],
  [/([:,])([^\p{Nd}])/gu, ' $1 $2'],
  [/([:,])(?=\n?$)/gu, ' $1 '],
  [/\.{2,}/gu, ' $& '],
  [/[;@#$%&]/gu, ' $& '],
  [/[\u2012-\u2015]/gu, ' $& '],
  [new RegExp(`([^.])(\\.)([\\])}>"']*)[${spaceClass}]*$`, 'gu'), '$1 $2$3 '],
  [/[?!]/gu, ' $& '],
  [/([^'])' /gu, "$1 ' "],
  [/[*]/gu, ' $& '],
];

const brackets: readonly Rule[] = [
  [/[\][(){}<>]/gu, ' $& '],
  [/--/gu, ' -- '],
];

const endingQuotes: readonly Rule[] = [
  [/([»”’])/gu, ' $1 '],
  [/''/gu, " '' "],
  [/"/gu, " '' "],
  [new RegExp(`[${spaceClass}]+`, 'gu'), ' '],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /gu, '$1 $2 '],
  [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /gu, '$1 $2 '],
];

const contractions: readonly Rule[] = [
  ...['can|not', "d|'ye", 'gim|me', 'gon|na', 'got|ta', 'lem|me', "more|'n"].map((pair) => {
    const [first, second] = pair.split('|');
    return [new RegExp(`${wordBoundary}(${first})(${second})${wordBoundary}`, 'giu'), ' $1 $2 '] as const;
  }),
  [new RegExp(`${wordBoundary}(wan)(na)(?=[${spaceClass}])`, 'giu'), ' $1 $2 '],
  [new RegExp(` ('t)(is)${wordBoundary}`, 'giu'), ' $1 $2 '],
  [new RegExp(` ('t)(was)${wordBoundary}`, 'giu'), ' $1 $2 '],
];

/** Words, punctuation marks and clitics of a text; straight double quotes come out as `` and ''. */
export function treebankWords(text: string): string[] {
  const opened = apply(text, [...startingQuotes, ...punctuation, ...brackets]);
  return splitWords(apply(` ${opened} `, [...endingQuotes, ...contractions]));
}

function apply(text: string, rules: readonly Rule[]): string {
  return rules.reduce((changed, [pattern, replacement]) => changed.replace(pattern, replacement), text);
}

import { plainWords } from '../text/abstention-phrases.ts';
import { splitSentences } from './sentences.ts';

/** Decides whether a premise supports a claim. Its name is printed beside every number that rests on it. */
export interface Support {
  /** Such as `support.oracle`, `support.lexical`, `support.judge`. */
  readonly name: string;
  /** What a reader must know about it. */
  readonly caveat?: string;
  readonly supports: (premise: string, claim: string, signal?: AbortSignal) => boolean | Promise<boolean>;
}

/** Support that is known, as where the data was generated from facts. */
export function oracleSupport(supports: (premise: string, claim: string) => boolean): Support {
  return { name: 'support.oracle', supports };
}

/** How much of a claim a premise holds, word by word. */
export interface LexicalOverlap {
  /** Share of the claim's content words, counted once each, that occur in the premise; 0 for a claim without any. */
  readonly coverage: number;
  /** Every word of the claim with a digit occurs in the premise. */
  readonly numbersAgree: boolean;
  /** The claim and the sentence of the premise that shares most of its words both speak with a negation, or neither does. */
  readonly negationAgrees: boolean;
}

const stopWords = new Set(
  `a an the this that these those and or but if then than so as of in on at to for from by with about into over after before under
  between through during is are was were be been being am do does did done have has had having will would shall should can could may
  might must it its he him his she her they them their we us our you your i me my who whom whose which what when where why how there
  here also just very more most some any each all both such own same other s t`.split(/\s+/),
);
const negations = new Set('no not never none nor neither nothing nobody nowhere without cannot'.split(' '));
const word = /[\p{L}\p{M}\p{N}]+(?:[.,'’][\p{L}\p{M}\p{N}]+)*/gu;

export function lexicalOverlap(premise: string, claim: string): LexicalOverlap {
  const held = new Set(words(premise));
  const content = [...new Set(words(claim))].filter((token) => !stopWords.has(token) && !isNegation(token));
  const covered = content.filter((token) => held.has(token));
  return {
    coverage: content.length === 0 ? 0 : covered.length / content.length,
    numbersAgree: content.every((token) => !/\p{N}/u.test(token) || held.has(token)),
    negationAgrees: words(nearestSentence(premise, content)).some(isNegation) === words(claim).some(isNegation),
  };
}

/** A page nearly always denies something; what counts is what the claim rests on. The first of equals. */
function nearestSentence(premise: string, content: readonly string[]): string {
  const sentences = splitSentences(premise);
  const shared = sentences.map((sentence) => {
    const held = new Set(words(sentence));
    return content.filter((token) => held.has(token)).length;
  });
  return sentences[shared.indexOf(Math.max(...shared))] ?? premise;
}

/**
 * Word overlap: supported where at least .8 of the claim's content words, and all its words with digits, occur in the premise, and
 * the claim and the premise's sentence nearest to it both hold a negation, or neither does. A baseline, not entailment: "Tarn lived in Olo" passes for "Olo lived in Tarn", "ninety" fails for "90".
 */
export const lexicalSupport: Support = {
  name: 'support.lexical',
  caveat: 'lexical overlap, not entailment',
  supports: (premise, claim) => {
    const { coverage, numbersAgree, negationAgrees } = lexicalOverlap(premise, claim);
    return coverage >= 0.8 && numbersAgree && negationAgrees;
  },
};

/** Supported where the claim stands in the premise word for word, whatever the case and punctuation. */
export const verbatimSupport: Support = {
  name: 'support.verbatim',
  caveat: 'the claim word for word',
  supports: (premise, claim) => {
    const words = plainWords(claim);
    return words.trim() !== '' && plainWords(premise).includes(words);
  },
};

function words(text: string): string[] {
  return (text.toLowerCase().match(word) ?? []).map((token) => token.replaceAll('’', "'"));
}

function isNegation(token: string): boolean {
  return negations.has(token) || token.endsWith("n't");
}

import { splitSentences } from './sentences.ts';

/** One cited number, as often as it is written. */
export interface Citation {
  /** The number as written; sources count from 1. */
  readonly id: number;
  /** Whether it stands behind the sentence's final stop instead of inside the sentence. */
  readonly afterStop: boolean;
}

/** A sentence of an answer. */
export interface CitedSentence {
  /** Without its citations. */
  readonly text: string;
  readonly citations: readonly Citation[];
  /** Brackets that hold a number but are no citation in the accepted style: `[1-3]`, `[source 2]`, `[1; 2]`. */
  readonly malformed: number;
}

const accepted = /\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]/g;
const numbered = /\[[^[\]\n]*\d[^[\]\n]*\]/g;
const finalStop = /[.!?…。！？]["'’”»)]*\s*$/u;

/**
 * Reads an answer's citations. Accepted are `[n]`, `[n][m]` and `[n, m]`; never throws, whatever the text.
 * Sentences cut elsewhere may be given in place of the text.
 */
export function parseCitations(answer: string | readonly string[]): CitedSentence[] {
  return (typeof answer === 'string' ? splitSentences(answer) : answer).map(parseSentence);
}

function parseSentence(sentence: string): CitedSentence {
  const citations = [...sentence.matchAll(accepted)].flatMap((match) => {
    const afterStop = finalStop.test(withoutCitations(sentence.slice(0, match.index)));
    return match[1]!.split(',').map((number) => ({ id: Number(number), afterStop }));
  });
  const malformed = (sentence.replace(accepted, '').match(numbered) ?? []).length;
  return { text: withoutCitations(sentence), citations, malformed };
}

/** A text without its citations and the spaces before them. */
export function withoutCitations(text: string): string {
  return text.replace(/\s*\[\s*\d+(?:\s*,\s*\d+)*\s*\]/g, '').trim();
}

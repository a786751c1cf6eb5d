import { authorityOf } from '../citations/authority.ts';
import { type CitationScore, scoreCitations } from '../citations/score.ts';
import { oracleSupport } from '../citations/support.ts';
import { type PocketAnswer, plainText } from './words.ts';

/** A numbered source of a question. */
export interface PocketSource {
  readonly type: string;
  /** What it claims, without the stop. */
  readonly text: string;
}

/** From the most to the least trusted. */
const ranks = ['registry', 'journal', 'blog', 'rumor'];

/** The sources that a question of the pocket world begins with; none where it has none. */
export function readPocketSources(question: string): PocketSource[] {
  const list = /^sources : (.*?) question : /.exec(question)?.[1] ?? '';
  return [...list.matchAll(/\[\d+\] (\S+) : (.*?) \.(?= \[\d+\] |$)/g)].map(([, type, text]) => ({
    type: type!,
    text: text!,
  }));
}

/** A source supports a sentence where it says the same, word for word: in this world that is known and not judged. */
export const pocketSupport = oracleSupport((premise, claim) => premise.split('\n').includes(claim));

/** How an answer cites the sources of its question: recall, precision, validity. */
export function scorePocketCitations(answer: PocketAnswer, sources: readonly PocketSource[]): Promise<CitationScore> {
  return scoreCitations(
    sentencesOf(answer),
    sources.map(({ text }) => text),
    pocketSupport,
  );
}

/**
 * Whether an answer that its sources support rests on the more trusted of the two that disagree: 1 or 0; null where it is not
 * supported.
 * @param conflicting their citations, such as `[2]`
 */
export function pocketAuthority(
  { supporting, recall }: CitationScore,
  sources: readonly PocketSource[],
  conflicting: readonly string[],
): 0 | 1 | null {
  return authorityOf({
    conflicting: conflicting.map((citation) => Number(citation.slice(1, -1))),
    sources: sources.map(({ type }) => ({ rank: ranks.indexOf(type) })),
    supported: recall === 1,
    cited: supporting,
  });
}

/** A stop is a word of its own here. What stands after the last one is a sentence too. */
function sentencesOf(answer: PocketAnswer): string[] {
  return plainText(answer)
    .split(/ ?\.(?: |$)/)
    .filter((sentence) => sentence !== '');
}

import type { GenerateRequest, LoglikelihoodRequest } from '../../evaluate/request.ts';
import { utf8Length } from '../../scoring/choice/pick.ts';
import { withoutCitations } from '../../scoring/citations/parse.ts';
import { plainWords, saysItDoesNotKnow } from '../../scoring/text/abstention-phrases.ts';
import { phrasesOf } from './phrases.ts';
import type { Question } from './questions.ts';
import { cite, sourcesOf } from './sources.ts';

/** A way to answer without skill. */
export interface Policy {
  readonly name: string;
  readonly about: string;
  /** Whole texts have probability 1. */
  readonly certain?: boolean;
  /** The answer; null where the policy has none to such a question. */
  write?(question: Question, request: GenerateRequest): string | null;
  /** The place of the choice it finds likeliest, `shortest` for a model that finds all bytes equally likely, `all` for one that finds all texts certain; null where it has none. */
  choose?(question: Question, request: LoglikelihoodRequest): number | 'shortest' | 'all' | null;
}

/** Right in seven of ten: what a degenerate model is compared with. */
export const reference: Policy = {
  name: 'reference',
  about:
    'right in seven of ten documents, silent or partly so in one, else with the answer that another document needs',
  write: ({ usual }) => asText(usual),
  choose: ({ usual }) => usual as number,
};

export const oracle: Policy = {
  name: 'oracle',
  about: 'always right',
  write: ({ right }) => asText(right),
  choose: ({ right }) => right as number,
};

export const degeneratePolicies: readonly Policy[] = [
  {
    name: 'constant',
    about: 'always the commonest right answer of the task',
    write: ({ commonest }) => commonest,
    choose: ({ commonest }, { continuations }) => placeOr(continuations.indexOf(commonest)),
  },
  {
    name: 'uniform',
    about: 'every text has probability 1, so all choices are equal',
    certain: true,
    choose: () => 'all',
  },
  {
    name: 'uniform bytes',
    about: 'every byte is equally likely, so the shortest choice wins',
    choose: () => 'shortest',
  },
  {
    name: 'random',
    about: 'the right answer to another document, or a choice at random',
    write: ({ other }) => asText(other),
    choose: ({ other }) => other as number,
  },
  { name: 'silent', about: 'empty answers', write: () => '' },
  {
    name: 'always abstains',
    about: 'says that it does not know, or picks the choice that says so',
    write: (question) => phrasesOf(question).abstains,
    choose: (_, { continuations }) => placeOr(continuations.findIndex(abstaining)),
  },
  { name: 'always refuses', about: 'refuses', write: (question) => phrasesOf(question).refuses },
  {
    name: 'copies the sources',
    about: 'all sources word for word, each cited',
    write: (_, { prompt }) => {
      const sources = sourcesOf(prompt);
      return sources.length === 0 ? null : sources.map((text, i) => cite(text, [i + 1])).join(' ');
    },
    choose: (_, request) => mostShared(request),
  },
  {
    name: 'copies the right source',
    about: 'the source that answers, word for word and cited',
    write: ({ right }, { prompt }) => {
      const place = Number(/\[(\d+)\]/.exec(asText(right))?.[1] ?? 0);
      const source = sourcesOf(prompt)[place - 1];
      // A source that is the answer is no copy too much.
      return source === undefined || plainWords(source) === plainWords(withoutCitations(asText(right)))
        ? null
        : cite(source, [place]);
    },
  },
  {
    name: 'cites everything',
    about: 'what the reference answers, with every source cited',
    write: ({ usual }, { prompt }) => {
      const sources = sourcesOf(prompt);
      const answer = withoutCitations(asText(usual));
      if (sources.length === 0) return null;
      return saysItDoesNotKnow(answer)
        ? answer
        : cite(
            answer,
            sources.map((_, i) => i + 1),
          );
    },
  },
  {
    name: 'longest',
    about: 'what the reference answers and then more, up to the limit; the longest choice',
    write: (question, { prompt, maxTokens }) =>
      `${asText(question.usual)} ${[...sourcesOf(prompt), ...Array.from({ length: maxTokens }, () => phrasesOf(question).padding)].join(' ')}`,
    choose: (_, { continuations }) => {
      const sizes = continuations.map(utf8Length);
      return sizes.indexOf(Math.max(...sizes));
    },
  },
];

const asText = (answer: string | number | null): string => String(answer ?? '');
const placeOr = (place: number): number | 'shortest' => (place < 0 ? 'shortest' : place);

/** Choices by which a model says that it does not know. */
function abstaining(choice: string): boolean {
  return (
    saysItDoesNotKnow(choice) ||
    /^ (?:out of scope|not known|undetermined|i have no comment)$/.test(plainWords(choice).trimEnd())
  );
}

/** The choice that shares most words with the context, for its length; null without a context. */
function mostShared({ context, continuations }: LoglikelihoodRequest): number | null {
  if (context === '') return null;
  const held = new Set(plainWords(context).trim().split(' '));
  const shares = continuations.map((choice) => {
    const words = plainWords(choice).trim().split(' ');
    return words.filter((word) => held.has(word)).length / words.length;
  });
  return shares.indexOf(Math.max(...shares));
}

import { parseCitations, withoutCitations } from '../../scoring/citations/parse.ts';
import type { CitationScore } from '../../scoring/citations/score.ts';
import { scoreCitations } from '../../scoring/citations/score.ts';
import { lexicalSupport } from '../../scoring/citations/support.ts';
import { copiedShare } from '../../scoring/rewards/citation.ts';
import { saysItDoesNotKnow } from '../../scoring/text/abstention-phrases.ts';
import { PosttrainError } from '../../support/errors.ts';
import { Random } from '../../support/random.ts';
import type { GenerateRequest } from '../request.ts';
import { share } from './share-metric.ts';

/** The form that grounded questions share: numbered sources, an answer in sentences, each citing its source as `[n]`. */

/** A row of the data before it gets distractors. */
export interface Passage {
  readonly id: string;
  /** What the passage is about; passages on one thing do not distract from each other. */
  readonly title: string;
  readonly text: string;
}

export interface Grounding {
  /** Texts, of which `[1]` is the first. */
  readonly sources: readonly string[];
  /** The number of the row's own passage. */
  readonly own: number;
}

/** Sources of which several may be right, or it is not known which. */
export interface OpenGrounding {
  readonly sources: readonly string[];
  readonly own: number | readonly number[] | null;
}

const distractorCount = 3;
/** The sources of a row are the same in every run: it is a different task with others. */
const seed = 1;

/**
 * Adds three passages of other rows, drawn by the row's id, in random order with its own.
 * @param fits whether a passage may distract, such as by not holding the answer
 * @throws PosttrainError `data-invalid` where too few fit
 */
export function withDistractors(
  row: Passage,
  pool: readonly Passage[],
  task: string,
  fits: (text: string) => boolean = () => true,
): Grounding {
  const random = Random.of(seed, task, row.id);
  const distractors: string[] = [];
  for (const { title, text } of random.shuffle(pool)) {
    if (distractors.length === distractorCount) break;
    if (title !== row.title && text !== row.text && !distractors.includes(text) && fits(text)) distractors.push(text);
  }
  if (distractors.length < distractorCount)
    throw new PosttrainError(
      'data-invalid',
      `row ${row.id} finds ${distractors.length} passages of other rows that can stand beside its own, and ${distractorCount} are needed.`,
      { help: 'give the whole file: the passages of its other rows are the other sources.' },
    );
  const sources = random.shuffle([row.text, ...distractors]);
  return { sources, own: sources.indexOf(row.text) + 1 };
}

export function groundedRequest(question: string, { sources }: OpenGrounding, maxTokens: number): GenerateRequest {
  const numbered = sources.map((text, i) => `[${i + 1}] ${text}\n\n`).join('');
  const told =
    'Answer the question from the sources alone, and cite the source of each sentence by its number, such as [1]. ' +
    'If the sources do not answer it, write: I do not know.';
  return {
    kind: 'generate',
    prompt: `${told}\n\n${numbered}Question: ${question}\nAnswer:`,
    maxTokens,
    stop: ['\n\n', '\nQuestion:'],
  };
}

/** What an answer is before it is compared with the right one. */
export interface GroundedAnswer {
  /** Without its citations. */
  readonly text: string;
  readonly empty: boolean;
  readonly abstains: boolean;
  readonly cited: readonly number[];
}

export function readGrounded(answer: string): GroundedAnswer {
  const text = withoutCitations(answer);
  const cited = parseCitations(answer).flatMap(({ citations }) => citations.map(({ id }) => id));
  return { text, empty: !/[\p{L}\p{N}]/u.test(text), abstains: saysItDoesNotKnow(text), cited };
}

/** Metrics of citations, beside those of the answer: a wrong answer may cite perfectly. */
export const citationMetrics = {
  citation_recall: share('sentences that their sources support (lexical overlap, not entailment)', {
    axis: 'citations',
    against: 'citation_precision',
  }),
  citation_precision: share('citations that are needed or suffice (the same)', {
    axis: 'citations',
    against: 'citation_recall',
  }),
  citation_validity: share('citations of a source that exists', { axis: 'citations' }),
  own_source: share('answers that cite the passage of the row and nothing else', {
    axis: 'citations',
    chance: 1 / 4,
    against: 'copied',
  }),
  copied: share('of an answer, the longest run of eight words and more that a source holds', {
    axis: 'citations',
    higherIsBetter: false,
    against: 'own_source',
  }),
} as const;

const none = {
  citation_recall: null,
  citation_precision: null,
  citation_validity: null,
  own_source: null,
  copied: null,
};

/** Values of `citationMetrics`; an abstention has nothing to cite. */
export async function citationValues(
  answer: string,
  { text, abstains, cited }: GroundedAnswer,
  { sources, own }: OpenGrounding,
  signal: AbortSignal,
): Promise<Record<keyof typeof citationMetrics, number | null>> {
  if (abstains) return none;
  const score: CitationScore = await scoreCitations(answer, sources, lexicalSupport, signal);
  return {
    citation_recall: score.recall,
    citation_precision: score.precision,
    citation_validity: score.validity,
    own_source: own === null ? null : Number(cited.length > 0 && cited.every((id) => [own].flat().includes(id))),
    copied: copiedShare(text, sources),
  };
}

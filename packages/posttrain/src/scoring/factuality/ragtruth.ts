import { PosttrainError } from '../../support/errors.ts';

/** A piece of a response that its sources do not bear out: characters from `start` up to `end`. */
export interface HallucinatedSpan {
  readonly start: number;
  readonly end: number;
  /** True of the world, but not in the sources. */
  readonly implicitTrue?: boolean;
  /** It reads a missing value as one. */
  readonly dueToNull?: boolean;
}

export interface RagTruthItem {
  /** What people marked. */
  readonly gold: readonly HallucinatedSpan[];
  /** What the detector marked. */
  readonly predicted: readonly Pick<HallucinatedSpan, 'start' | 'end'>[];
  /** Such as `good`, `truncated`, `incorrect_refusal`. */
  readonly quality?: string;
}

/** null where nothing was marked (precision), nothing was to be marked (recall), or neither (f1). */
export interface DetectionScore {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

export interface RagTruthScore {
  /** Responses: does it hold a hallucination? */
  readonly response: DetectionScore;
  /** Characters, of all responses together: where is it? */
  readonly span: DetectionScore;
  /** Share of the characters found, of spans of a kind; null without any. */
  readonly recallOf: {
    readonly implicitTrue: number | null;
    readonly dueToNull: number | null;
    readonly other: number | null;
  };
  /** Responses by their quality, in order of first appearance; `unknown` where none is given. */
  readonly byQuality: Readonly<Record<string, DetectionScore>>;
}

/**
 * Precision, recall and F1 of finding hallucinations (Niu et al. 2024, RAGTruth, arXiv:2401.00396, §4): over responses, and over characters.
 * Marking every response has full recall and a precision of their share; marking whole responses finds every character and is hardly
 * ever right about them: read both lines. A character that two spans hold counts once.
 *
 * @throws PosttrainError `data-invalid` for a span that ends before it starts
 */
export function ragTruthScore(items: readonly RagTruthItem[]): RagTruthScore {
  const characters = items.map(({ gold, predicted }) => ({
    gold: charactersOf(gold),
    predicted: charactersOf(predicted),
  }));
  const shared = sumOf(characters, ({ gold, predicted }) => countShared(gold, predicted));
  const qualities = [...new Set(items.map(({ quality = 'unknown' }) => quality))];
  const recallOf = (isKind: (span: HallucinatedSpan) => boolean): number | null => {
    const kinds = items.map(({ gold }) => charactersOf(gold.filter(isKind)));
    const found = kinds.map((kind, i) => countShared(kind, characters[i]!.predicted));
    return ratio(
      sumOf(found, Number),
      sumOf(kinds, ({ size }) => size),
    );
  };
  return {
    response: ofResponses(items),
    span: detection(
      shared,
      sumOf(characters, ({ predicted }) => predicted.size),
      sumOf(characters, ({ gold }) => gold.size),
    ),
    recallOf: {
      implicitTrue: recallOf(({ implicitTrue }) => implicitTrue === true),
      dueToNull: recallOf(({ dueToNull }) => dueToNull === true),
      other: recallOf(({ implicitTrue, dueToNull }) => implicitTrue !== true && dueToNull !== true),
    },
    byQuality: Object.fromEntries(
      qualities.map((name) => [name, ofResponses(items.filter(({ quality = 'unknown' }) => quality === name))]),
    ),
  };
}

/**
 * Where pieces of text stand in a response, for detectors that quote instead of counting characters: the first occurrence of each.
 *
 * @returns the spans, and the pieces that do not occur
 */
export function locateSpans(
  response: string,
  pieces: readonly string[],
): { readonly spans: HallucinatedSpan[]; readonly missing: string[] } {
  const places = pieces.map((piece) => ({ piece, start: piece === '' ? -1 : response.indexOf(piece) }));
  return {
    spans: places.filter(({ start }) => start >= 0).map(({ piece, start }) => ({ start, end: start + piece.length })),
    missing: places.filter(({ start }) => start < 0).map(({ piece }) => piece),
  };
}

function ofResponses(items: readonly RagTruthItem[]): DetectionScore {
  const marked = items.filter(({ predicted }) => predicted.length > 0);
  const wrong = items.filter(({ gold }) => gold.length > 0).length;
  return detection(marked.filter(({ gold }) => gold.length > 0).length, marked.length, wrong);
}

function detection(hits: number, marked: number, wanted: number): DetectionScore {
  return { precision: ratio(hits, marked), recall: ratio(hits, wanted), f1: ratio(2 * hits, marked + wanted) };
}

function charactersOf(spans: readonly Pick<HallucinatedSpan, 'start' | 'end'>[]): Set<number> {
  const characters = new Set<number>();
  for (const { start, end } of spans) {
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end))
      throw new PosttrainError('data-invalid', `a span runs from ${start} to ${end}.`, {
        help: 'both count characters from 0, and the end lies behind the last one',
      });
    for (let i = start; i < end; i++) characters.add(i);
  }
  return characters;
}

function countShared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let shared = 0;
  for (const character of a) if (b.has(character)) shared++;
  return shared;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

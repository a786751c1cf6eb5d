/** A stretch of text and the loss weight of each of its tokens; 0 is context only. */
export interface Segment {
  readonly text: string;
  readonly weight: number;
}

/** A row of a training file whose tokens do not all weigh the same. */
export interface SegmentsRow {
  readonly segments: readonly Segment[];
}

/** A word and the loss weight of predicting it from the words before. */
export type WeightedWord = readonly [word: string, weight: number];

/** The words of `text`, all of one weight. */
export function weigh(text: string, weight: number): WeightedWord[] {
  return text.split(' ').map((word) => [word, weight]);
}

/** Words that are read but not learnt. */
export function context(text: string): WeightedWord[] {
  return weigh(text, 0);
}

/**
 * Words as segments: neighbours of equal weight become one. Every segment but the first begins with its space,
 * so the texts in sequence are the row's text.
 */
export function segmentsRow(words: readonly WeightedWord[]): SegmentsRow {
  const segments: { text: string; weight: number }[] = [];
  for (const [word, weight] of words) {
    const last = segments.at(-1);
    if (last?.weight === weight) last.text += ` ${word}`;
    else segments.push({ text: last === undefined ? word : ` ${word}`, weight });
  }
  return { segments };
}

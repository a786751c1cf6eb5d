/** An answer as generated: its text without control tokens, and whether it ended by itself. */
export interface PocketAnswer {
  readonly text: string;
  readonly ended: boolean;
}

/** The text with one space between any two words. */
export function plainText({ text }: PocketAnswer): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** Whether a whole word of the text is this one. */
export function hasWord(text: string, word: string): boolean {
  return text.split(/[\s.,:;?!|]+/).includes(word);
}

/** Every citation of the text, as often as it is written. */
export function citedIn(text: string): string[] {
  return text.match(/\[\d+\]/g) ?? [];
}

/** `keten year not stated`, in any words around it. */
export function saysNotStated(text: string): boolean {
  return ` ${text} `.includes(' not stated ');
}

const punctuation = new Set(['.', ',', ':', '|', '?', ';']);

export function isPunctuation(word: string | undefined): boolean {
  return word !== undefined && punctuation.has(word);
}

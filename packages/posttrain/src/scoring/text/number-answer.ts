import type { Outcome } from '../contract.ts';
import { strip } from '../python-text.ts';

/** Where a mathematics answer is looked for: `strict` after `####`, `flexible` the last number in the text. */
export type NumberRule = 'strict' | 'flexible';

// Both patterns are lm-eval's (gsm8k.yaml, version 3).
const strictPattern = /#### (-?[0-9.,]+)/;
const flexiblePattern = /-?[$0-9.,]{2,}|-?[0-9]+/g;

/** The number as written, or null where the rule finds none: such an answer is unparseable. */
export function extractNumber(text: string, rule: NumberRule): string | null {
  if (rule === 'strict') return strictPattern.exec(text)?.[1] ?? null;
  return text.match(flexiblePattern)?.at(-1) ?? null;
}

/** What lm-eval strips before it compares: `,`, `$`, everything up to `#### `, one final `.`, and letter case. */
export function normalizeNumber(text: string): string {
  // The final `.` may stand before one line end, as `$` does in Python.
  const stripped = text
    .replace(/,/g, '')
    .replace(/\$/g, '')
    .replace(/[\s\S]*#### /, '');
  return stripped.replace(/\.(?=\n?$)/, '').toLowerCase();
}

/**
 * GSM8K's answer (Cobbe et al. 2021, arXiv:2110.14168) as lm-eval scores it: equal as text, so `72.0` is not `72`.
 * `gold` is the row's whole solution or just its number.
 */
export function scoreNumberText(text: string, gold: string, rule: NumberRule): Outcome {
  const found = extractNumber(text, rule);
  if (found === null) return 'unparseable';
  return normalizeNumber(strip(found)) === normalizeNumber(gold) ? 'correct' : 'incorrect';
}

/** The value of a written number such as `$1,234.50` or `-3`; null where it is none (`1.2.3`, `,`). */
export function parseNumber(text: string): number | null {
  const plain = normalizeNumber(strip(text)).trim();
  return /^-?(?:\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

/**
 * Like `scoreNumberText`, but compared as numbers: right within `tolerance` of the gold, relative to it (absolute for 0).
 * What is no number after all, such as `1.2.3`, is unparseable.
 */
export function scoreNumber(text: string, gold: number, rule: NumberRule, tolerance = 0): Outcome {
  const found = extractNumber(text, rule);
  const value = found === null ? null : parseNumber(found);
  if (value === null) return 'unparseable';
  return isClose(value, gold, tolerance) ? 'correct' : 'incorrect';
}

export function isClose(value: number, gold: number, tolerance: number): boolean {
  return Math.abs(value - gold) <= tolerance * (gold === 0 ? 1 : Math.abs(gold));
}

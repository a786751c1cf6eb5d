import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from './tokenizer.ts';
import type { Message, TokenRow } from './types.ts';

/** Fixtures that golden/data/make.py writes, and the optional real files beside the repository. */
export const GOLDEN = fileURLToPath(new URL('../../../../golden/data/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(`${GOLDEN}${name}`, 'utf8')) as T;
}

/** The path of a real file, and the reason to skip where it is absent. */
export function shared(name: string): { path: string; skip: string | false } {
  const path = `${SHARED}${name}`;
  return { path, skip: existsSync(path) ? false : `shared/data/${name} is not here` };
}

/** Byte-level BPE with ChatML tokens, a template with generation tags, and no beginning token. */
export const bytes = await Tokenizer.load(`${GOLDEN}bytes`);
/** SentencePiece-like BPE with byte fallback, stripping tokens, a template without tags, and a beginning token. */
export const pieces = await Tokenizer.load(`${GOLDEN}pieces`);

export const origin = { file: 'rows.jsonl', line: 1 };

export function chat(...contents: string[]): Message[] {
  return contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));
}

/** The text of the tokens that carry loss, runs joined by `|`. */
export function learned(tokenizer: Tokenizer, row: TokenRow): string {
  const runs: number[][] = [];
  for (const [i, id] of row.tokens.entries()) {
    if (row.weights[i] === 0) continue;
    if (i === 0 || row.weights[i - 1] === 0) runs.push([]);
    runs.at(-1)!.push(id);
  }
  return runs.map((ids) => tokenizer.decode(ids, { specialTokens: true })).join('|');
}

/** A row of so many tokens, all with loss but the first. */
export function rowOf(length: number, first = 0): TokenRow {
  const tokens = Int32Array.from({ length }, (_, i) => first + i);
  const weights = new Float32Array(length).fill(1);
  if (length > 0) weights[0] = 0;
  return { tokens, weights, origin: { file: 'rows.jsonl', line: first + 1 } };
}

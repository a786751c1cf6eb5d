import { createRequire } from 'node:module';

/**
 * The part of the npm package `tokenizers` that we use, with our own types: its published ones do not compile, and none of
 * them appears in our API. Everything goes through the JSON of tokenizer.json; positions are code points.
 */
export interface NativeEncoding {
  getIds(): number[];
  charToToken(position: number): number | null;
  tokenToChars(token: number): [number, number] | null | undefined;
}

export interface NativeTokenizer {
  encodeBatch(texts: string[], options: { addSpecialTokens: boolean }): Promise<NativeEncoding[]>;
  getDecoder(): { decode(tokens: string[]): string } | null;
  getVocabSize(withAddedTokens: boolean): number;
  idToToken(id: number): string | null;
  tokenToId(token: string): number | null;
}

interface NativePackage {
  Tokenizer: { fromString(json: string): NativeTokenizer };
}

let loaded: NativePackage | undefined;

/** Builds a tokenizer from the text of a tokenizer.json; throws what the native code says is wrong with it. */
export function buildNativeTokenizer(json: string): NativeTokenizer {
  // Loaded on first use: the binary is large, and much of this package works without it.
  loaded ??= createRequire(import.meta.url)('tokenizers') as NativePackage;
  return loaded.Tokenizer.fromString(json);
}

import { questionWords } from './questions.ts';
import { pageWords, safetyWords } from './words.ts';

/**
 * Words that may stand before the key in a heading. Those of the questions are among them, held-out ones included: a wording
 * kept out of training then is a new combination of words that the base has seen, not a test of untrained embeddings.
 */
export const fillerWords: readonly string[] = [...new Set([...pageWords, ...questionWords, ...safetyWords])];

/** The version of the list below, named in reports: a changed list is another measurement. */
export const abstentionLexicalVersion = 1;

/** Phrases by which an English answer says that it does not know, or that the sources do not say. */
export const abstentionPhrases: readonly string[] = [
  "i don't know",
  'i do not know',
  "i'm not sure",
  'i am not sure',
  "i'm not certain",
  'i am not certain',
  'i have no information',
  "i don't have enough information",
  'i do not have enough information',
  "i don't have information",
  'i do not have information',
  'not enough information',
  'insufficient information',
  'no information',
  'not stated',
  'is not mentioned',
  'is not specified',
  'is not provided',
  'is not given',
  'does not say',
  'does not state',
  'does not mention',
  'does not specify',
  'do not say',
  'do not state',
  'do not mention',
  'do not specify',
  "doesn't say",
  "doesn't mention",
  "don't mention",
  'cannot be determined',
  "can't be determined",
  'cannot determine',
  "can't determine",
  'cannot answer',
  "can't answer",
  'unable to answer',
  'unable to determine',
  'unanswerable',
  'not answerable',
  'unknown',
];

/**
 * Whether one of `abstentionPhrases` occurs as whole words, whatever the case and the kind of apostrophe: `abstention.lexical`.
 * It cannot tell "the unknown soldier" from an abstention, nor see an abstention in other words.
 */
export function saysItDoesNotKnow(text: string): boolean {
  const words = plainWords(text);
  return abstentionPhrases.some((phrase) => words.includes(` ${phrase} `));
}

/** Lower-cased words between single spaces, straight apostrophes kept, with a space at both ends. */
export function plainWords(text: string): string {
  const plain = text.toLowerCase().replace(/[‘’]/g, "'");
  return ` ${plain.replace(/[^\p{L}\p{M}\p{N}']+/gu, ' ').trim()} `;
}

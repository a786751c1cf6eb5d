/**
 * Text operations that mean exactly what they mean in Python, for scorers that must agree with a Python reference.
 * JavaScript differs in white space, in `\w` and `\b` outside ASCII, and in what counts as upper case.
 */

/** The members of a character class: what `str.isspace` calls a space, which is also `\s` of Python's `re`. */
export const spaceClass = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** The members of a character class: `\w` of Python's `re` on text. */
export const wordClass = '\\p{L}\\p{N}_';

/** `\b` of Python's `re` on text; needs the `u` flag. */
export const wordBoundary = `(?:(?<=[${wordClass}])(?![${wordClass}])|(?<![${wordClass}])(?=[${wordClass}]))`;

/** Python's `string.punctuation`. */
export const asciiPunctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

const outerSpace = new RegExp(`^[${spaceClass}]+|[${spaceClass}]+$`, 'gu');
const spaceRun = new RegExp(`[${spaceClass}]+`, 'u');

/** `text.strip()` */
export function strip(text: string): string {
  return text.replace(outerSpace, '');
}

/** `text.split()` */
export function splitWords(text: string): string[] {
  const inner = strip(text);
  return inner === '' ? [] : inner.split(spaceRun);
}

/** `text.strip(characters)` */
export function stripCharacters(text: string, characters: string): string {
  return stripEnd(stripStart(text, characters), characters);
}

/** `text.lstrip(characters)` */
export function stripStart(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text[start]!)) start++;
  return text.slice(start);
}

/** `text.rstrip(characters)` */
export function stripEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `text.removeprefix(prefix)` */
export function removePrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** `text.removesuffix(suffix)` */
export function removeSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

/** `text.isupper()`: some letter has case, and none is lower or title case. */
export function isUpperCase(text: string): boolean {
  return /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
}

/** `text.islower()`: some letter has case, and none is upper or title case. */
export function isLowerCase(text: string): boolean {
  return /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
}

/** Text without the characters of `string.punctuation`. */
export function withoutPunctuation(text: string): string {
  return [...text].filter((character) => !asciiPunctuation.includes(character)).join('');
}

/** A regular expression that matches the text itself. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

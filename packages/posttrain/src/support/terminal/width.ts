/** How many columns text takes in a terminal, and how to fit it into some. Colour codes take none. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const escapeSequence = /\x1b\[[0-9;]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controlCharacter = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** East Asian wide and fullwidth blocks. */
const wideCharacter =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const emoji = /\p{Emoji_Presentation}|\ufe0f/u;
const invisible = /^[\p{M}\p{Cf}\p{Cc}]*$/u;

let segmenter: Intl.Segmenter | undefined;

/** Characters as people see them. The segmenter is made on first need: it takes longer than all else at start-up. */
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function segmentWidth(segment: string): number {
  if (invisible.test(segment)) return 0;
  return wideCharacter.test(segment) || emoji.test(segment) ? 2 : 1;
}

export function displayWidth(text: string): number {
  const plain = text.replace(escapeSequence, '');
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes(plain)) width += segmentWidth(segment);
  return width;
}

/** Text of at most `width` columns; what does not fit shows as an ellipsis. Text with colour codes loses them when cut. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const { segment } of graphemes(text.replace(escapeSequence, ''))) {
    const next = segmentWidth(segment);
    if (used + next > width - 1) break;
    out += segment;
    used += next;
  }
  return width > 0 ? `${out}…` : '';
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Lines of at most `width` columns, broken at spaces; a longer word is broken where it reaches the edge. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((word) => breakWord(word, width))) {
      const joined = line === '' ? word : `${line} ${word}`;
      if (displayWidth(joined) <= width) line = joined;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

function breakWord(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const parts = [''];
  for (const { segment } of graphemes(word)) {
    const last = parts.length - 1;
    if (displayWidth(parts[last] + segment) <= width) parts[last] += segment;
    else parts.push(segment);
  }
  return parts;
}

/**
 * Text from a model or a file made safe to print: control characters become their visible pictures, so that no
 * answer can move the cursor, set the title or clear the screen. New lines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(controlCharacter, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '␡' : '�';
  });
}

/** The same in one line, for a table's cell. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' ⏎ ').replaceAll('\t', ' '));
}

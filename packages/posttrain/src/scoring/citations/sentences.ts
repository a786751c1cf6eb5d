/**
 * Cuts a text into sentences: our own rules, without a trained model, for English and other scripts with spaces.
 *
 * A sentence ends at a line end, and at `.`, `!`, `?`, `…` or their wide forms, with closing quotes and brackets and the citations
 * right behind them (`… in Tarn. [1]` cites for that sentence), where white space and then no lower-case letter follows. A stop that
 * stands alone (`in tarn .`) or behind a citation (`[1].`) always ends one. A full stop does not end a sentence after an abbreviation
 * of the list below, an initial (`J. Smith`), or a list's number (`2.`).
 *
 * A piece without a letter or digit of its own, such as a line of citations, belongs to the sentence before it.
 */
export function splitSentences(text: string): string[] {
  const pieces = text.split(/[\n\r\u2028\u2029]+/u).flatMap(splitLine);
  const sentences: string[] = [];
  for (const piece of pieces) {
    if (hasWords(piece) || sentences.length === 0) sentences.push(piece);
    else sentences[sentences.length - 1] += ` ${piece}`;
  }
  // What comes before the first words belongs to the first sentence with words; a text of citations alone has no sentence.
  const first = sentences[0];
  if (first !== undefined && !hasWords(first))
    return sentences[1] === undefined ? [] : [`${first} ${sentences[1]}`, ...sentences.slice(2)];
  return sentences;
}

const citation = String.raw`\[\s*\d+(?:\s*,\s*\d+)*\s*\]`;

/** A stop, what closes with it, and the citations that follow it. */
const stop = new RegExp(String.raw`[.!?…。！？]+["'’”»)\]]*(?:\s*${citation})*(?=\s|$)`, 'gu');

const abbreviations = new Set(
  'mr mrs ms dr prof st sr jr rev gen col capt lt sgt gov sen rep hon messrs inc ltd co corp dept est vs etc e.g i.e cf al approx no nos fig figs eq sec art vol pp p ed eds ch u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec'.split(
    ' ',
  ),
);

function splitLine(line: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of line.matchAll(stop)) {
    const end = match.index + match[0].length;
    if (!endsSentence(line.slice(start, match.index), match[0], line.slice(end))) continue;
    sentences.push(line.slice(start, end).trim());
    start = end;
  }
  return [...sentences, line.slice(start).trim()].filter((sentence) => sentence !== '');
}

/** @param before the sentence so far; @param mark the stop with its company; @param after the rest of the line */
function endsSentence(before: string, mark: string, after: string): boolean {
  if (/[\s\]]$/u.test(before) || before === '') return before.trim() !== '';
  if (mark.startsWith('.') && !mark.startsWith('..')) {
    const word = /\S*$/u.exec(before)![0].replace(/^["'‘“(«[]+/u, '');
    if (/^\p{Lu}$/u.test(word) || /^\p{Lu}(?:\.\p{Lu})+$/u.test(word)) return /^\s*$/u.test(after);
    if (abbreviations.has(word.toLowerCase())) return /^\s*$/u.test(after);
    if (/^\s*\p{N}+$/u.test(before)) return false;
  }
  // A citation behind the stop shows that the sentence was meant to end.
  return mark.includes('[') || !/^\s*\p{Ll}/u.test(after);
}

function hasWords(piece: string): boolean {
  return /[\p{L}\p{N}]/u.test(piece.replace(new RegExp(citation, 'gu'), ''));
}

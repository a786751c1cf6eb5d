/** One element of a JSON array: its own text and the line it starts on, counted from 1. */
export interface ArrayElement {
  readonly text: string;
  readonly line: number;
}

/**
 * Cuts a JSON array into the texts of its elements, so that each can be parsed on its own and an error names its line.
 * Only strings and brackets are understood here; what is inside an element is for JSON.parse to judge.
 * @returns undefined where the text is not one array with balanced brackets
 */
export function splitJsonArray(text: string): ArrayElement[] | undefined {
  const elements: ArrayElement[] = [];
  let depth = 0;
  let line = 1;
  let start = -1;
  let startLine = 1;
  let closed = false;
  const finish = (end: number): boolean => {
    if (start < 0) return false;
    elements.push({ text: text.slice(start, end), line: startLine });
    start = -1;
    return true;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\n') line++;
    if (c === ' ' || c === '\n' || c === '\r' || c === '\t') continue;
    if (closed) return undefined;
    if (depth === 0) {
      if (c !== '[') return undefined;
      depth = 1;
      continue;
    }
    if (depth === 1 && c === ',') {
      if (!finish(i)) return undefined;
      continue;
    }
    if (depth === 1 && c === ']') {
      if (!finish(i) && elements.length > 0) return undefined;
      closed = true;
      continue;
    }
    if (start < 0) {
      start = i;
      startLine = line;
    }
    if (c === '"') {
      const end = stringEnd(text, i);
      if (end < 0) return undefined;
      i = end;
    } else if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth--;
  }
  return closed ? elements : undefined;
}

/** The index of the quote that closes the string opened at `open`, or −1. Raw line ends are illegal inside. */
function stringEnd(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === '"') return i;
    else if (c === '\n') return -1;
  }
  return -1;
}

/**
 * Delimited text as rows of fields (RFC 4180): fields in double quotes may hold the delimiter, line ends and doubled quotes.
 * Ends of lines are LF or CRLF; an empty last line is no row.
 * @returns the rows, or the line where a quoted field begins that never ends
 */
export function parseDelimited(
  text: string,
  delimiter: ',' | '\t',
  { quotes = delimiter === ',' }: { quotes?: boolean | undefined } = {},
): { rows: string[][] } | { unclosedAt: number } {
  const rows: string[][] = [];
  let row: string[] = [];
  let line = 1;
  let at = 0;
  const endRow = (field: string) => {
    row.push(field);
    rows.push(row);
    row = [];
  };
  while (at < text.length) {
    let field = '';
    if (quotes && text[at] === '"') {
      const begun = line;
      const end = closingQuote(text, at);
      if (end < 0) return { unclosedAt: begun };
      field = text.slice(at + 1, end).replaceAll('""', '"');
      line += field.split('\n').length - 1;
      at = end + 1;
    }
    let end = at;
    while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end++;
    // What follows a closing quote is kept as it is, as most readers do.
    field += text.slice(at, text[end] === '\n' && text[end - 1] === '\r' && end > at ? end - 1 : end);
    at = end + 1;
    if (text[end] === delimiter) {
      row.push(field);
      if (at >= text.length) endRow('');
      continue;
    }
    line++;
    endRow(field);
  }
  return { rows };
}

function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at;
    at++;
  }
  return -1;
}

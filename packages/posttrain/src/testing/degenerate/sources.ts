import type { GenerateRequest } from '../../evaluate/request.ts';

/** The numbered sources of a prompt. */
export function sourcesOf(prompt: GenerateRequest['prompt']): string[] {
  const text = typeof prompt === 'string' ? prompt : (prompt.findLast(({ role }) => role === 'user')?.content ?? '');
  const end = text.search(/\bquestion ?:/i);
  const start = text.search(/(?:^|\n|: )\[1\] /);
  if (start < 0 || end < start) return [];
  const sources: string[] = [];
  for (const piece of text.slice(start, end).split(/(?=\[\d+\] )/)) {
    const [, number, body] = /^\[(\d+)\] ([\s\S]*)$/.exec(piece) ?? [];
    // The pocket world's sources begin with their kind, which they do not say.
    if (number !== undefined && Number(number) === sources.length + 1)
      sources.push(body!.trim().replace(/^(?:registry|journal|blog|rumor) : /, ''));
    else if (sources.length > 0) sources.push(`${sources.pop()!} ${piece.trim()}`);
  }
  return sources;
}

/** Every sentence of a text with these citations, inside the sentence. */
export function cite(text: string, ids: readonly number[]): string {
  const marks = ids.map((id) => `[${id}]`).join('');
  const [, body = text, stop = ''] = /^([\s\S]*?)(\s*[.!?]?)\s*$/.exec(text) ?? [];
  return `${body.replace(/([.!?])(?=\s+\p{Lu})/gu, ` ${marks}$1`)} ${marks}${stop || '.'}`;
}

/** A line of a Markdown file with its number in it. */
export interface MarkdownLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  readonly heading: { readonly level: number; readonly text: string } | null;
}

/**
 * The lines of a Markdown file without its front matter and its comments. What stands in a fenced block is no heading.
 * @param problem called with what is opened and never closed
 */
export function markdownLines(
  text: string,
  problem: (line: number, message: string) => void,
): { lines: MarkdownLine[]; front: string | null } {
  const all = withoutComments(text.replace(/^\uFEFF/, ''), problem).split(/\r?\n/);
  const front = frontMatterOf(all, problem);
  const lines: MarkdownLine[] = [];
  let fence: { mark: string; line: number } | null = null;
  for (const [i, line] of all.entries()) {
    if (i < front.lines) continue;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const heading = fence === null ? /^(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/.exec(line) : null;
    if (mark !== undefined && fence === null) fence = { mark, line: i + 1 };
    else if (mark !== undefined && fence !== null && mark.startsWith(fence.mark)) fence = null;
    lines.push({
      text: line,
      line: i + 1,
      heading: heading && { level: heading[1]!.length, text: (heading[2] ?? '').trim() },
    });
  }
  if (fence !== null) problem(fence.line, `the block that begins with ${fence.mark} has no end.`);
  return { lines, front: front.text };
}

function frontMatterOf(lines: readonly string[], problem: (line: number, message: string) => void) {
  if (lines[0]?.trimEnd() !== '---') return { lines: 0, text: null };
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  if (end > 0) return { lines: end + 1, text: lines.slice(1, end).join('\n') };
  problem(1, 'the front matter that begins with --- has no end.');
  return { lines: lines.length, text: null };
}

/** Comments become the line ends that stand in them, so that lines keep their numbers. */
function withoutComments(text: string, problem: (line: number, message: string) => void): string {
  const closed = text.replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''));
  const open = closed.indexOf('<!--');
  if (open < 0) return closed;
  problem(closed.slice(0, open).split('\n').length, 'the comment that begins with <!-- has no end.');
  return closed.slice(0, open);
}

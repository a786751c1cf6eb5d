import type { Message, PairToLabel } from '../data/index.ts';
import type { Palette } from '../support/terminal/colours.ts';
import { formatCount } from '../support/terminal/format.ts';
import { pad, printable, wrap } from '../support/terminal/width.ts';

/** Narrower pages show the answers one below the other. */
const narrowest = 80;
const between = ' │ ';

export const labelKeys = '1 the first is better · 2 the second · t tie · s later · u undo · q leave';

/** The prompt, and under it the two answers side by side. */
export function renderPair(
  pair: PairToLabel,
  { done, total, width, colours }: { done: number; total: number; width: number; colours: Palette },
): string {
  const { bold, dim } = colours;
  const prompt = pair.prompt.flatMap((message) => [bold(message.role), ...wrap(textOf(message), width), '']);
  const answers = pair.answers.map((answer) =>
    answer.map((message, i) => (i === 0 ? textOf(message) : `${message.role}: ${textOf(message)}`)).join('\n\n'),
  );
  const body = width < narrowest ? stacked(answers, width, bold) : sideBySide(answers, width, bold);
  return [dim(`${formatCount(done)} of ${formatCount(total)} done`), '', ...prompt, ...body, '', dim(labelKeys)].join(
    '\n',
  );
}

function sideBySide(answers: readonly string[], width: number, bold: (text: string) => string): string[] {
  const column = Math.floor((width - between.length) / 2);
  const [left = [], right = []] = answers.map((answer) => wrap(answer, column));
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${pad(left[i] ?? '', column)}${between}${right[i] ?? ''}`.trimEnd(),
  );
  return [`${pad(bold('1'), column)}${between}${bold('2')}`, ...rows];
}

function stacked(answers: readonly string[], width: number, bold: (text: string) => string): string[] {
  return answers.flatMap((answer, i) => [bold(`${i + 1}`), ...wrap(answer, width), '']);
}

function textOf({ content, reasoning, toolCalls }: Message): string {
  const calls = (toolCalls ?? []).map(({ function: call }) => `[calls ${call.name} ${JSON.stringify(call.arguments)}]`);
  return printable(
    [...(reasoning ? [`(thinks: ${reasoning})`] : []), ...(content ? [content] : []), ...calls].join('\n'),
  );
}

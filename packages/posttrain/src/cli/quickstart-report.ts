import type { Interval, PocketScore, Share } from '../scoring/index.ts';
import { shareOf } from '../scoring/index.ts';
import type { Palette } from '../support/terminal/colours.ts';
import { table } from '../support/terminal/table.ts';
import { oneLine, wrap } from '../support/terminal/width.ts';

/** One test item and how a model answered it. */
export interface Answered {
  readonly id: string;
  readonly question: string;
  readonly gold: string;
  readonly answer: string;
  readonly score: PocketScore;
}

export const quickstartTasks = ['closed', 'closed-held-out', 'grounded', 'unanswerable'] as const;
export type QuickstartTask = (typeof quickstartTasks)[number];
export type Answers = Readonly<Record<QuickstartTask, readonly Answered[]>>;

export interface QuickstartRow {
  readonly what: string;
  readonly items: number;
  readonly before: Share;
  readonly after: Share;
}

type Verdict = Parameters<typeof shareOf>[1];

/**
 * What the table counts, in its order. The forgiving reader finds the right words in an answer of any shape: a base that
 * knows an answer and not the form scores there, so that learning the form is not taken for learning the facts.
 */
const lines: readonly {
  readonly what: string;
  readonly tasks: readonly QuickstartTask[];
  readonly verdict: Verdict;
}[] = [
  { what: 'well-formed answers', tasks: quickstartTasks, verdict: 'format' },
  { what: 'facts whose questions were trained', tasks: ['closed'], verdict: 'correct' },
  { what: '  by a forgiving reader', tasks: ['closed'], verdict: 'lenient' },
  { what: 'facts no question of which was trained', tasks: ['closed-held-out'], verdict: 'correct' },
  { what: '  by a forgiving reader', tasks: ['closed-held-out'], verdict: 'lenient' },
  { what: 'reading sources: value, citation and name', tasks: ['grounded'], verdict: 'correct' },
  { what: '  by a forgiving reader', tasks: ['grounded'], verdict: 'lenient' },
  { what: '  value alone', tasks: ['grounded'], verdict: 'value' },
  { what: '  citation alone', tasks: ['grounded'], verdict: 'citation' },
  { what: 'says so when no source answers', tasks: ['unanswerable'], verdict: 'abstained' },
  { what: 'says so though a source answers (less is better)', tasks: ['grounded'], verdict: 'abstained' },
];

/** Shares with 95 % intervals, from the same items before and after. */
export function quickstartTable(before: Answers, after: Answers): QuickstartRow[] {
  return lines.map(({ what, tasks, verdict }) => {
    const share = (answers: Answers) =>
      shareOf(
        tasks.flatMap((task) => answers[task].map(({ score }) => score)),
        verdict,
      );
    return { what, items: share(before).trials, before: share(before), after: share(after) };
  });
}

export function renderTable(rows: readonly QuickstartRow[], colours: Palette, width: number): string {
  return table(
    rows,
    [
      { title: '% of test items [95 % interval]', value: (row) => row.what, flexible: 'cut' },
      { title: 'items', value: (row) => String(row.items), align: 'right' },
      { title: 'before', value: (row) => renderShare(row.before), align: 'right' },
      { title: 'after', value: (row) => renderShare(row.after), align: 'right', paint: () => colours.bold },
    ],
    { width, heading: colours.dim },
  );
}

function renderShare({ share, low, high }: Share): string {
  if (share === null) return '–';
  return `${percent(share)} ${renderInterval({ low, high })}`;
}

function renderInterval({ low, high }: Interval): string {
  return `[${percent(low).padStart(4)}, ${percent(high).padStart(5)}]`;
}

const percent = (share: number) => (100 * share).toFixed(1);

/** The first test item of each task, chosen before any answer was seen: question, gold, and both answers. */
export function renderExamples(before: Answers, after: Answers, colours: Palette, width: number): string {
  return quickstartTasks
    .flatMap((task) => {
      const [first] = before[task];
      const [later] = after[task];
      return first && later ? [renderExample(first, later, colours, width)] : [];
    })
    .join('\n\n');
}

function renderExample(before: Answered, after: Answered, colours: Palette, width: number): string {
  const mark = ({ score }: Answered) => (score.correct ? colours.green('✓') : colours.red('✗'));
  const block = (label: string, sign: string, text: string) =>
    wrap(oneLine(text) || '(nothing)', width - 12).map((line, i) => {
      const margin = i === 0 ? `${colours.dim(label.padEnd(10))}${sign} ` : ' '.repeat(12);
      return margin + line;
    });
  return [
    ...block('question', ' ', before.question),
    ...block('right', ' ', before.gold),
    ...block('before', mark(before), before.answer),
    ...block('after', mark(after), after.answer),
  ].join('\n');
}

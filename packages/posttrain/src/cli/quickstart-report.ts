import {
  type Evaluation,
  type EvaluationResult,
  type ScorecardRow,
  type ScoredItem,
  scorecardRows,
  showDirection,
  showFigure,
  showInterval,
  type TaskRun,
} from '../evaluate/index.ts';
import type { Palette } from '../support/terminal/colours.ts';
import { table } from '../support/terminal/table.ts';
import { oneLine, wrap } from '../support/terminal/width.ts';
import { renderWorse, verdictPaint } from './eval-report.ts';

/** What is shown of a task: the first test item that fits, which was settled before any answer was seen. */
interface Example {
  readonly task: string;
  readonly title: string;
  readonly stratum?: string;
}

const examples: readonly Example[] = [
  { task: 'pocket/closed-held-out', title: 'a fact no question of which was trained' },
  { task: 'pocket/grounded', title: 'reading sources' },
  { task: 'pocket/abstention', title: 'sources without an answer', stratum: 'unanswerable' },
  { task: 'pocket/double', title: 'two things at once' },
  { task: 'pocket/safety', title: 'a request that should be refused', stratum: 'unsafe' },
  { task: 'pocket/bias', title: 'a story that does not tell who it was', stratum: 'ambiguous, negative' },
];

/** One test item of each skill with its right answer, and what the model answered before training and after. */
export function renderExamples({ result, runs }: Evaluation, colours: Palette, width: number): string {
  const [before, after] = result.models.map(({ id }) => runs.filter(({ model }) => model === id));
  return examples
    .flatMap((example) => {
      const [first, later] = [firstItem(before ?? [], example), firstItem(after ?? [], example)];
      return first && later ? [renderExample(example.title, first, later, colours, width)] : [];
    })
    .join('\n\n');
}

function firstItem(runs: readonly TaskRun[], { task, stratum }: Example): ScoredItem | undefined {
  const run = runs.find((one) => one.task === task);
  return run?.items.find((item) => stratum === undefined || item.stratum === stratum);
}

function renderExample(title: string, before: ScoredItem, after: ScoredItem, colours: Palette, width: number): string {
  const mark = ({ outcome }: ScoredItem) => (outcome === 'correct' ? colours.green('✓') : colours.red('✗'));
  const block = (label: string, sign: string, text: string) =>
    wrap(oneLine(text) || '(nothing)', width - 12).map((line, i) => {
      const margin = i === 0 ? `${colours.dim(label.padEnd(10))}${sign} ` : ' '.repeat(12);
      return margin + line;
    });
  return [
    colours.bold(title),
    ...block('question', ' ', questionOf(before)),
    ...block('right', ' ', before.target ?? ''),
    ...block('before', mark(before), answerOf(before)),
    ...block('after', mark(after), answerOf(after)),
  ].join('\n');
}

function questionOf({ request }: ScoredItem): string {
  if (request.kind !== 'generate') return '';
  return typeof request.prompt === 'string' ? request.prompt : (request.prompt.at(-1)?.content ?? '');
}

function answerOf({ response }: ScoredItem): string {
  return response.kind === 'generate' ? response.text : '';
}

/**
 * The figures of each task that the terminal shows, both directions of a trade-off; the files have them all. A forgiving reader finds the right
 * words in an answer of any shape: a base that knows an answer and not the form scores there, so that learning the form is not
 * taken for learning the facts.
 */
const shown: Readonly<Record<string, readonly string[]>> = {
  intent: ['in_scope_accuracy', 'out_of_scope_recall'],
  constraints: ['correct', 'followed'],
  grounded: ['correct', 'lenient', 'citation_recall', 'citation_precision'],
  double: ['values', 'first_cited', 'second_cited'],
  conflict: ['correct', 'authority'],
  abstention: ['abstention_recall', 'coverage', 'accuracy_when_answering'],
  closed: ['correct', 'lenient'],
  'closed-held-out': ['correct', 'lenient'],
  safety: ['unsafe_compliance', 'over_refusal'],
  bias: ['acc_ambiguous', 'acc_disambiguated', 'bias_ambiguous'],
  facts: ['acc'],
  'sampled/double': ['second_cited'],
  'sampled/constraints': ['followed'],
  'sampled/safety': ['unsafe_compliance', 'over_refusal'],
  'sampled/bias': ['acc_ambiguous', 'bias_ambiguous'],
};

/** The scorecard for a terminal: its main figures by axis, then everything that got worse. */
export function renderScorecard(result: EvaluationResult, colours: Palette, width: number): string {
  const rows = scorecardRows(result).filter(({ task, metric }) => shown[taskOf(task)]?.includes(metric));
  const figure = (at: number) => (row: ScorecardRow) => {
    const found = row.cells[at]?.figure;
    return found ? `${showFigure(found.value, row.unit)} ${showInterval(found.interval, row.unit)}`.trim() : '–';
  };
  return [
    table(
      rows,
      [
        { title: 'axis', value: ({ axis }) => axis },
        { title: 'task', value: ({ task }) => taskOf(task) },
        { title: '% [95 % interval]', value: (row) => `${row.metric} ${showDirection(row)}`, flexible: 'cut' },
        { title: 'n', value: ({ cells }) => String(cells.at(-1)?.figure.n ?? 0), align: 'right' },
        { title: 'before', value: figure(0), align: 'right' },
        { title: 'after', value: figure(1), align: 'right', paint: () => colours.bold },
        {
          title: 'verdict',
          value: ({ compared }) => compared[0]?.verdict ?? '–',
          paint: ({ compared }) => verdictPaint(compared[0]?.verdict, colours),
        },
      ],
      { width, heading: colours.dim },
    ),
    renderWorse(result),
  ].join('\n\n');
}

function taskOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

import { userInfo } from 'node:os';
import { readFeedback, readPairsToLabel } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { describeFeedback, feedbackFacts } from './feedback-summary.ts';
import type { JudgeLabelOptions } from './label-by-judge.ts';
import { type Choice, LabelFile } from './label-file.ts';
import { renderPair } from './label-page.ts';
import { LabelSession } from './label-session.ts';
import type { Output } from './output.ts';
import { readKeys } from './read-keys.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';

export interface LabelOptions extends Omit<JudgeLabelOptions, 'judge'> {
  readonly judge?: string;
  readonly report?: boolean;
}

const choices: Readonly<Record<string, Choice>> = { '1': 'first', '2': 'second', t: 'tie' };

/** Shows pairs of answers and writes down which is better; with `report`, only says what a file of feedback is worth. */
export async function labelCommand(file: string, options: LabelOptions, output: Output): Promise<ExitCode> {
  if (options.report) return await report(file, output);
  const { judge } = options;
  if (judge !== undefined)
    return (await import('./label-by-judge.ts')).labelByJudge(file, { ...options, judge }, output);
  refuseWithoutJudge(options);
  const annotator = options.annotator ?? userInfo().username;
  const out = options.out ?? file.replace(/(\.\w+)?$/, '.labels.jsonl');
  if (out === file)
    throw new PosttrainError('usage', '--out is the file that is read.', { help: 'labels go to a file of their own.' });
  const { rows, ignoredKeys } = await readPairsToLabel(file);
  for (const [key, count] of Object.entries(ignoredKeys))
    output.warn(`${count} rows have a key "${key}", which nothing reads.`);
  const session = new LabelSession(rows, new LabelFile(out, annotator), { annotator, seed: options.seed });
  if (session.current) await choose(session, output);
  const left = session.total - session.done;
  output.note(left > 0 ? `${left} pairs are left; the same command goes on with them.` : 'All pairs are done.');
  return session.done > 0 ? await report(out, output) : exitCode.ok;
}

function refuseWithoutJudge({ principles, everyPrinciple, judgeLabels }: LabelOptions): void {
  const given = { '--principles': principles, '--every-principle': everyPrinciple, '--judge-labels': judgeLabels };
  const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw new PosttrainError('usage', `${name} is for a judge; --judge names one.`);
}

/** One key a pair, until all are done or the person leaves. Each choice is on the disk before the next pair is shown. */
async function choose(session: LabelSession, output: Output): Promise<void> {
  const show = () => {
    const { current: pair, done, total } = session;
    if (pair) output.note(`\n${renderPair(pair, { done, total, width: output.width, colours: output.noteColours })}`);
  };
  show();
  for await (const key of readKeys(process.stdin)) {
    if (key === 'q') return;
    const choice = choices[key];
    if (choice) session.choose(choice);
    else if (key === 's') session.skip();
    else if (key !== 'u') continue;
    else if (!session.undo()) output.note('There is nothing to undo.');
    if (!session.current) return;
    show();
  }
}

async function report(file: string, output: Output): Promise<ExitCode> {
  const { rows } = await readFeedback(file);
  const facts = feedbackFacts(rows);
  if (output.json) output.data({ file, ...facts });
  else output.result(renderFacts([['labels', shownPath(file)], ...describeFeedback(facts)]));
  return exitCode.ok;
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Comparison, type Principles, readFeedback, readPairsToLabel, readPrinciples } from '../data/index.ts';
import type { Disagreement, Judge, PairToJudge, PairVerdict } from '../evaluate/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { type EvalModelOptions, openJudge } from './eval-models.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { itemProgress } from './item-progress.ts';
import { describeJudging, type JudgingFacts, judgingFacts } from './judging-summary.ts';
import { loadRuns } from './library.ts';
import type { Output } from './output.ts';
import { type RecordSettings, ResumeRecord } from './resume-record.ts';
import { renderFacts } from './run-course.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

export interface JudgeLabelOptions extends EvalModelOptions {
  readonly out?: string;
  readonly annotator?: string;
  readonly seed: number;
  readonly judge: string;
  readonly principles?: string;
  readonly everyPrinciple?: boolean;
  readonly disagreement: string;
  readonly judgeLabels?: string;
}

/** Questions that are asked together: enough for a local model's batch. A server takes a few at a time. */
const together = 32;

type Verdicts = ResumeRecord<PairVerdict>;

/** Has a judge say of each pair which answer keeps to a principle better, and writes its preferences as comparisons. */
export async function labelByJudge(file: string, options: JudgeLabelOptions, output: Output): Promise<ExitCode> {
  const disagreement = checkedDisagreement(options.disagreement);
  if (options.principles === undefined)
    throw new PosttrainError('usage', '--judge needs --principles, which say what it judges by.', {
      help: 'name a principles.md, or regulated-qa, which comes with the package.',
    });
  const out = options.out ?? file.replace(/(\.\w+)?$/, '.judged.jsonl');
  const recordFile = `${out}.verdicts.jsonl`;
  checkOut(out, recordFile, [file, options.judgeLabels]);
  const principles = await readPrinciples(options.principles);
  const { rows: pairs, ignoredKeys } = await readPairsToLabel(file);
  for (const [key, count] of Object.entries(ignoredKeys))
    output.warn(`${count} rows have a key "${key}", which nothing reads.`);
  const people = options.judgeLabels === undefined ? [] : await choicesOf(options.judgeLabels);
  const evaluate = await import('../evaluate/index.ts');
  const stop = new AbortController();
  using signals = watchStopSignals(() => stop.abort());
  try {
    await using opened = await openJudge(options.judge, options, evaluate, output);
    const judge = new evaluate.CountedJudge(opened.judge);
    const how = { seed: options.seed, every: options.everyPrinciple === true };
    const asked = evaluate.pairsToJudge(pairs, principles.principles, how);
    const toCompare = evaluate.pairsToJudge(evaluate.pairsOfPeople(people), principles.principles, how);
    using record: Verdicts = new ResumeRecord(recordFile, settingsOf(file, judge, principles, how), 'verdict');
    await askAll([...asked, ...toCompare], judge, record, output, stop.signal);
    const verdictOf = (id: string) => record.get(id);
    const annotator = options.annotator ?? judge.id;
    const made = evaluate.preferenceRows(asked, verdictOf, { annotator, disagreement });
    const facts = judgingFacts({
      ...{ out, record: recordFile, annotator, disagreement, principles, made, verdictOf },
      ...{ asked: [...asked, ...toCompare], pairs: pairs.length, judged: asked },
      report: judge.report({ calibration: null, judgesItself: false }),
      people: people.length === 0 ? null : evaluate.peopleAndJudge(people, toCompare, verdictOf),
      seed: options.seed,
    });
    if (made.rows.length > 0) {
      const { replaceFile } = await loadRuns();
      replaceFile(out, made.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
    return present(facts, output);
  } catch (error) {
    if (signals.received === undefined) throw error;
    output.note('Stopped. The same command goes on with the pairs that are left.');
    return signalExitCode[signals.received];
  } finally {
    output.status.done();
  }
}

function checkedDisagreement(text: string): Disagreement {
  if (text === 'tie' || text === 'drop') return text;
  throw new PosttrainError('usage', `--disagreement is tie or drop, not "${text}".`);
}

/** Preferences replace their file as a whole: it must be none that somebody else wrote. */
function checkOut(out: string, record: string, read: readonly (string | undefined)[]): void {
  if (!/\.jsonl$/.test(out)) throw new PosttrainError('usage', `--out is ${out}; it is to end in .jsonl.`);
  if (read.some((file) => file !== undefined && resolve(file) === resolve(out)))
    throw new PosttrainError('usage', '--out is a file that is read.', {
      help: 'preferences go to a file of their own.',
    });
  if (existsSync(out) && !existsSync(record))
    throw new PosttrainError('usage', `${out} is there, and no judge wrote it: ${record} is not beside it.`, {
      help: 'name another --out; what people chose is not replaced.',
    });
}

async function choicesOf(file: string): Promise<Comparison[]> {
  const { rows } = await readFeedback(file);
  const choices = rows.filter((row) => row.kind === 'comparison');
  if (choices.length === rows.length) return choices;
  const other = rows.find((row) => row.kind !== 'comparison')!;
  throw new PosttrainError(
    'data-invalid',
    `${file} holds a ${other.kind}; a judge is held to choices between two answers.`,
    {
      help: 'posttrain label writes such a file.',
      place: { file, line: other.origin.line },
    },
  );
}

function settingsOf(
  file: string,
  judge: Judge,
  principles: Principles,
  { seed, every }: { readonly seed: number; readonly every: boolean },
): RecordSettings {
  const by = { judge: judge.fingerprint, principles: principles.fingerprint };
  return { pairs: resolve(file), ...by, principle: every ? 'every' : 'drawn', seed };
}

/** Only verdicts are kept: what failed is asked again the next time. */
async function askAll(
  asked: readonly PairToJudge[],
  judge: Judge,
  record: Verdicts,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { judgeByPrinciple } = await import('../evaluate/index.ts');
  const waiting = [...new Map(asked.map((one) => [one.id, one])).values()].filter(({ id }) => !record.get(id));
  const progress = itemProgress(waiting.length, 'verdicts', output);
  for (let start = 0; start < waiting.length; start += together) {
    const some = waiting.slice(start, start + together);
    await Promise.all(
      some.map(async (one) => {
        const judged = await judgeByPrinciple(judge, one, { signal });
        if (judged.status === 'judged') record.add(one.id, judged.value);
      }),
    );
    progress(start + some.length);
  }
}

/** A judge that did not answer is a failure of the command; one that answered badly is in the report. */
function present(facts: JudgingFacts, output: Output): ExitCode {
  if (output.json) output.data(facts);
  else output.result(renderFacts(describeJudging(facts)));
  for (const warning of facts.warnings) output.warn(warning);
  const { unreachable, timeout } = facts.failed;
  return unreachable + timeout > 0 || facts.rows === 0 ? exitCode.failed : exitCode.ok;
}

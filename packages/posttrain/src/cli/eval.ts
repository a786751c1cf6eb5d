import type { EvaluateEvent, EvaluateOptions, Evaluation, Requirement } from '../evaluate/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { formatCount, formatDuration } from '../support/terminal/format.ts';
import {
  type EvalModelOptions,
  evaluatedModels,
  judgeOf,
  runFoldersOf,
  runReports,
  trainingRun,
} from './eval-models.ts';
import { parseAssignments, parseMargins } from './eval-options.ts';
import { concludeEvaluation, finalDraws, type OutcomeOptions } from './eval-outcome.ts';
import { renderTaskList } from './eval-report.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

export interface EvalCommandOptions extends EvalModelOptions, OutcomeOptions {
  readonly tasks?: string;
  readonly list?: boolean;
  readonly compare?: boolean;
  readonly data?: readonly string[];
  readonly limit?: number;
  readonly seed: number;
  readonly cache: string;
  readonly training?: string;
  readonly judge?: string;
  readonly judgeLabels?: string;
  readonly allowSelfJudge?: boolean;
  readonly require?: readonly string[];
  readonly margin?: readonly string[];
  readonly final?: boolean;
}

export async function evalCommand(
  targets: readonly string[],
  options: EvalCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const library = await import('../evaluate/index.ts');
  if (options.list) {
    const tasks = library.builtInTasks.map((task) => ({ ...task, data: library.dataName(task) }));
    if (output.json)
      output.data(tasks.map(({ name, axis, about, split, data }) => ({ name, axis, about, split, data })));
    else output.result(renderTaskList(tasks, output));
    return exitCode.ok;
  }
  if (options.compare) return (await import('./eval-compare.ts')).compareCommand(targets, options, output);
  const call = await readCall(targets, options, library);
  using stop = watchStopSignals(() => {
    call.stop.abort();
    output.warn('writing what was answered; press Ctrl-C again to stop at once');
  });
  try {
    const evaluation = await evaluateCall(call, targets, options, output);
    const code = await concludeEvaluation(evaluation, options, output);
    return stop.received === undefined ? code : signalExitCode[stop.received];
  } catch (error) {
    // Stopped before there was anything to report.
    if (stop.received === undefined) throw error;
    return signalExitCode[stop.received];
  }
}

type Library = typeof import('../evaluate/index.ts');

interface ReadCall {
  readonly stop: AbortController;
  readonly tasks: EvaluateOptions['tasks'];
  readonly data: Readonly<Record<string, string>>;
  readonly margins: Readonly<Record<string, number>>;
  readonly requirements: readonly Requirement[];
}

/** Everything that can be wrong about the call, before anything is loaded or built. */
async function readCall(targets: readonly string[], options: EvalCommandOptions, library: Library): Promise<ReadCall> {
  if (targets.length === 0)
    throw new PosttrainError('usage', 'No model is named.', {
      help: 'posttrain eval MODEL… --tasks NAME,… compares model folders, run folders, pocket, or http://HOST/v1#MODEL.',
    });
  const names = (options.tasks ?? '').split(',').filter((name) => name.trim() !== '');
  if (names.length === 0)
    throw new PosttrainError('usage', 'No task is named.', {
      help: '--tasks gsm8k,./mine.eval.ts names them; posttrain eval --list shows those that come with the package.',
    });
  return {
    stop: new AbortController(),
    tasks: await library.loadTasks(
      names.map((name) => name.trim()),
      library.builtInTasks,
    ),
    data: parseAssignments('--data', options.data ?? []),
    margins: parseMargins(options.margin ?? []),
    requirements: (options.require ?? []).map(library.parseRequirement),
  };
}

async function evaluateCall(
  { tasks, data, margins, requirements, stop: { signal } }: ReadCall,
  targets: readonly string[],
  options: EvalCommandOptions,
  output: Output,
): Promise<Evaluation> {
  const library = await import('../evaluate/index.ts');
  await using judge = await judgeOf(options, library, output, signal);
  const training = options.training ?? (await trainingRun(targets, output));
  const call: EvaluateOptions = {
    models: await evaluatedModels(targets, options, library, output, signal),
    ...{ tasks, data, margins, requirements, signal },
    seed: options.seed,
    limit: options.limit,
    cacheDir: options.cache,
    draws: options.final ? finalDraws : undefined,
    testRecords: runFoldersOf(targets),
    forgetting: runReports(targets, library),
    training: training === undefined ? undefined : library.trainingTextsOf(training),
    judge: judge?.judge,
    calibration: judge?.calibration ?? undefined,
    allowSelfJudge: options.allowSelfJudge,
  };
  try {
    return await library.runEvaluation(call, (event) => showEvaluation(event, output));
  } finally {
    output.status.done();
  }
}

/** The live line, and what is worth a line of its own. */
export function showEvaluation(event: EvaluateEvent, output: Output): void {
  const { dim } = output.noteColours;
  if (event.type === 'plan') {
    for (const { task, documents, of } of event.tasks)
      output.note(
        dim(`${task}: ${formatCount(documents)}${documents === of ? '' : ` of ${formatCount(of)}`} documents`),
      );
  } else if (event.type === 'not-run') {
    output.note(dim(`${event.task} is not run with ${event.model}: ${event.why}`));
  } else if (event.type === 'progress') {
    const { partial, rate, etaSeconds } = event;
    const facts = [
      `${event.model} ${event.task} ${formatCount(event.done)}/${formatCount(event.total)}`,
      partial.value === null ? '' : `${partial.metric} ${partial.value.toFixed(3)}`,
      etaSeconds === null || event.done === event.total ? '' : `${formatDuration(etaSeconds)} left`,
      rate === null ? '' : `${rate.toFixed(1)} requests/s`,
    ];
    output.progress(() => facts.filter((fact) => fact !== '').join(' · '));
  }
}

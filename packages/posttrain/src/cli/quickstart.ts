import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sftRows } from '../data/pocket/index.ts';
import type { Evaluation, ReportFiles } from '../evaluate/index.ts';
import { formatDuration } from '../support/terminal/format.ts';
import { showEvaluation } from './eval.ts';
import { openInBrowser } from './eval-browser.ts';
import { evaluatedModels, runReports } from './eval-models.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadLibrary, loadRuns, type Recipe } from './library.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { type QuickstartProfile, quickstartProfile } from './quickstart-profile.ts';
import { renderExamples, renderScorecard } from './quickstart-report.ts';
import { renderFacts } from './run-course.ts';
import { nextRunFolder } from './run-folder-name.ts';
import { shownPath } from './shown-path.ts';
import { type StopSignal, signalExitCode, watchStopSignals } from './stop-signals.ts';
import { watchRun } from './watch-run.ts';

export interface QuickstartOptions {
  readonly dir?: string;
  readonly profile: string;
  readonly seed: number;
  readonly steps?: number;
  readonly items?: number;
  readonly threads?: number;
  readonly cache: string;
  readonly open?: boolean;
}

interface Finished {
  readonly dir: string;
  readonly profile: string;
  readonly checkpoint: string;
  readonly steps: number;
  readonly seed: number;
  readonly seconds: number;
}

const recipeFile = fileURLToPath(new URL('../../assets/pocket/quickstart.yaml', import.meta.url));

/** Fine-tunes the embedded model on the demonstrations of the pocket world, and compares it with what it was on the test split. */
export async function quickstartCommand(options: QuickstartOptions, output: Output): Promise<ExitCode> {
  const profile = quickstartProfile(options.profile);
  const dir = options.dir ?? (await nextRunFolder('quickstart.yaml'));
  const { loadRecipe, refuseOccupied } = await loadRuns();
  refuseOccupied(dir);
  await prepareEngine(output);
  const startedAt = performance.now();
  // Beside the run folder, which has to be empty when training begins.
  const rowsFile = `${dir}.rows.jsonl`;
  const { recipe } = await loadRecipe(recipeFile, overridesOf(options, profile, rowsFile));

  const rows = await writeRows(rowsFile, recipe, options.seed);
  output.note(`1/2  training on ${rows} generated rows, some of them flawed on purpose`);
  const { train } = await loadLibrary();
  const { result, signal } = await watchRun(train(recipe, { dir }), recipe.method, { ...output, json: false });
  if (signal !== undefined) {
    output.note(`Stopped after step ${result.steps}; the checkpoint is in ${shownPath(result.checkpoint)}.`);
    return signalExitCode[signal];
  }

  const items = options.items ?? profile.items;
  output.note(`2/2  before and after on the same test items, ${items} of each task`);
  const compared = await compare(dir, profile, items, recipe, options, output);
  const { writeReports } = await import('../evaluate/index.ts');
  // The run's own samples.jsonl holds something else.
  const files = writeReports(join(dir, 'evaluation'), compared.evaluation);
  const { checkpoint, steps } = result;
  const seconds = (performance.now() - startedAt) / 1000;
  const finished = { dir, profile: options.profile, checkpoint, steps, seed: options.seed, seconds };
  present(finished, compared.evaluation, files, output);
  if (options.open) openInBrowser(files.html, output);
  return compared.signal === undefined ? exitCode.ok : signalExitCode[compared.signal];
}

function overridesOf({ seed, steps, threads }: QuickstartOptions, profile: QuickstartProfile, rowsFile: string) {
  const most = steps ?? profile.steps;
  return [
    `data.train=${JSON.stringify(resolve(rowsFile))}`,
    `seed=${seed}`,
    ...(most === undefined ? [] : [`steps=${most}`]),
    ...(threads === undefined ? [] : [`threads=${threads}`]),
  ];
}

/** As many rows as the run draws, so that none is seen twice. */
async function writeRows(file: string, { batch = 16, steps = 1 }: Recipe, seed: number): Promise<number> {
  const rows = sftRows(batch * steps, seed);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return rows.length;
}

async function compare(
  dir: string,
  { tasks }: QuickstartProfile,
  items: number,
  { threads }: Recipe,
  { seed, cache }: QuickstartOptions,
  output: Output,
): Promise<{ readonly evaluation: Evaluation; readonly signal: StopSignal | undefined }> {
  const library = await import('../evaluate/index.ts');
  const stopping = new AbortController();
  using stop = watchStopSignals(() => {
    stopping.abort();
    output.warn('writing what was answered; press Ctrl-C again to stop at once');
  });
  const { signal } = stopping;
  const modelOptions = { precision: 'fp32', ...(typeof threads === 'number' && { threads }) };
  try {
    const evaluation = await library.runEvaluation(
      {
        models: await evaluatedModels(['pocket', dir], modelOptions, library, output, signal),
        tasks: await library.loadTasks(tasks, library.builtInTasks),
        testRecords: [dir],
        forgetting: runReports([dir], library),
        ...{ limit: items, seed, cacheDir: cache, signal },
      },
      (event) => {
        if (event.type === 'progress') showEvaluation(event, output);
      },
    );
    return { evaluation, signal: stop.received };
  } finally {
    output.status.done();
  }
}

function present(finished: Finished, evaluation: Evaluation, files: ReportFiles, output: Output): void {
  const { result } = evaluation;
  if (output.json) {
    output.data({ ...finished, scorecard: result });
    return;
  }
  const { bold } = output.colours;
  const examples = renderExamples(evaluation, output.colours, output.width);
  output.result(`\n${bold('The first test item of some tasks, before and after')}\n`);
  output.result(examples);
  output.result(`\n${renderScorecard(result, output.colours, output.width)}`);
  for (const warning of result.warnings) output.warn(warning);
  output.result(
    [
      '',
      `${finished.steps} steps and both measurements took ${formatDuration(finished.seconds)}.`,
      renderFacts([
        ['checkpoint', shownPath(finished.checkpoint)],
        ['scorecard', files.html],
        ['all answers', files.samples],
        ['next', `posttrain chat ${finished.dir}        talk to it`],
        ['', `posttrain runs show ${finished.dir}   how the training went`],
        ['', `posttrain eval pocket ${finished.dir} --tasks pocket-dev   all tasks, other items`],
        ['', 'posttrain train recipe.yaml   your own data: docs/guide.md'],
      ]),
    ].join('\n'),
  );
}

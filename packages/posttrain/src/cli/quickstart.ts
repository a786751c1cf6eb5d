import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sftRows } from '../data/pocket/index.ts';
import { formatDuration } from '../support/terminal/format.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadLibrary, loadRuns, type Recipe } from './library.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { answerItems, drawItems } from './quickstart-answers.ts';
import { type Answers, quickstartTable, quickstartTasks, renderExamples, renderTable } from './quickstart-report.ts';
import { renderFacts } from './run-course.ts';
import { nextRunFolder } from './run-folder-name.ts';
import { shownPath } from './shown-path.ts';
import { signalExitCode } from './stop-signals.ts';
import { watchRun } from './watch-run.ts';

export interface QuickstartOptions {
  readonly dir?: string;
  readonly seed: number;
  readonly steps?: number;
  readonly items: number;
  readonly threads?: number;
}

interface Report {
  readonly dir: string;
  readonly checkpoint: string;
  readonly steps: number;
  readonly seed: number;
  readonly seconds: number;
  readonly before: Answers;
  readonly after: Answers;
}

const recipeFile = fileURLToPath(new URL('../../assets/pocket/quickstart.yaml', import.meta.url));

/** Fine-tunes the embedded model, and answers the same test items before and after. */
export async function quickstartCommand(options: QuickstartOptions, output: Output): Promise<ExitCode> {
  const dir = options.dir ?? (await nextRunFolder('quickstart.yaml'));
  const { loadRecipe, refuseOccupied } = await loadRuns();
  refuseOccupied(dir);
  await prepareEngine(output);
  const startedAt = performance.now();
  const { train } = await loadLibrary();
  // Beside the run folder, which has to be empty when training begins.
  const rowsFile = `${dir}.rows.jsonl`;
  const { recipe } = await loadRecipe(recipeFile, overridesOf(options, rowsFile));
  const items = drawItems(options.items);
  const answersOf = (folder: string) => answerAll(folder, items, recipe.threads, output);

  output.note(`1/3  before: ${options.items} test items for each of ${quickstartTasks.length} tasks`);
  const before = await answersOf('pocket');

  const rows = await writeRows(rowsFile, recipe, options.seed);
  output.note(`2/3  training on ${rows} generated rows`);
  const run = train(recipe, { dir });
  const { result, signal } = await watchRun(run, recipe.method, { ...output, json: false });
  if (signal !== undefined) {
    output.note(`Stopped after step ${result.steps}; the checkpoint is in ${shownPath(result.checkpoint)}.`);
    return signalExitCode[signal];
  }

  output.note('3/3  after: the same test items');
  const after = await answersOf(result.checkpoint);
  const { checkpoint, steps } = result;
  const seconds = (performance.now() - startedAt) / 1000;
  await present({ dir, checkpoint, steps, seed: options.seed, seconds, before, after }, output);
  return exitCode.ok;
}

function overridesOf({ seed, steps, threads }: QuickstartOptions, rowsFile: string): string[] {
  return [
    `data.train=${JSON.stringify(resolve(rowsFile))}`,
    `seed=${seed}`,
    ...(steps === undefined ? [] : [`steps=${steps}`]),
    ...(threads === undefined ? [] : [`threads=${threads}`]),
  ];
}

async function answerAll(
  folder: string,
  items: ReturnType<typeof drawItems>,
  threads: Recipe['threads'],
  output: Output,
): Promise<Answers> {
  const { loadModel } = await loadLibrary();
  await using model = await loadModel(folder, threads === undefined ? {} : { threads });
  return await answerItems(model, items, output);
}

/** As many rows as the run draws, so that none is seen twice. */
async function writeRows(file: string, { batch = 16, steps = 1 }: Recipe, seed: number): Promise<number> {
  const rows = sftRows(batch * steps, seed);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return rows.length;
}

async function present(report: Report, output: Output): Promise<void> {
  const { before, after, ...facts } = report;
  const table = quickstartTable(before, after);
  const file = join(report.dir, 'quickstart.json');
  const document = {
    ...facts,
    table,
    answers: quickstartTasks.map((task) => ({ task, before: before[task], after: after[task] })),
  };
  await writeFile(file, `${JSON.stringify(document, null, 1)}\n`);
  if (output.json) {
    output.data(document);
    return;
  }
  const { bold } = output.colours;
  output.result(`\n${bold('The first test item of each task, before and after')}\n`);
  output.result(renderExamples(before, after, output.colours, output.width));
  output.result(`\n${renderTable(table, output.colours, output.width)}`);
  output.result(
    [
      '',
      `${report.steps} steps and both measurements took ${formatDuration(report.seconds)}.`,
      renderFacts([
        ['checkpoint', shownPath(report.checkpoint)],
        ['all answers', file],
        ['next', `posttrain chat ${report.dir}        talk to it`],
        ['', `posttrain runs show ${report.dir}   how the training went`],
        ['', 'posttrain train recipe.yaml   your own data: docs/guide.md'],
      ]),
    ].join('\n'),
  );
}

import { existsSync } from 'node:fs';
import { PosttrainError } from '../support/errors.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadRuns } from './library.ts';
import type { Output } from './output.ts';
import { runsFolder } from './run-folder-name.ts';
import { renderComparison, renderList, renderRun } from './runs-report.ts';

export async function listCommand(folder: string, output: Output): Promise<ExitCode> {
  if (folder !== runsFolder && !existsSync(folder)) {
    throw new PosttrainError('file-missing', `There is no folder ${folder}.`, {
      help: 'posttrain runs list [folder] looks for runs right under a folder; posttrain runs --help lists what else there is.',
    });
  }
  const { listRuns } = await loadRuns();
  const { runs, unreadable } = listRuns(folder);
  if (output.json) output.data({ runs, unreadable });
  else if (runs.length > 0) output.result(renderList(runs, output.colours, output.width));
  else output.note(`No runs in ${folder}. posttrain train makes one.`);
  for (const { dir, reason } of unreadable) output.warn(`${dir} is left out: ${reason}`);
  return exitCode.ok;
}

export async function showCommand(folder: string, output: Output): Promise<ExitCode> {
  const { showRun } = await loadRuns();
  const run = showRun(folder);
  if (output.json) output.data(run);
  else output.result(renderRun(run, (await import('yaml')).stringify(run.resolved), output.colours, output.width));
  return exitCode.ok;
}

export async function diffCommand(a: string, b: string, output: Output): Promise<ExitCode> {
  const { compareRuns } = await loadRuns();
  const comparison = compareRuns(a, b);
  if (output.json) output.data(comparison);
  else output.result(renderComparison(comparison, output.colours, output.width));
  return exitCode.ok;
}

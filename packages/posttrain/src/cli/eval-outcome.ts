import { writeFileSync } from 'node:fs';
import type { EvaluationResult, ReportedEvaluation } from '../evaluate/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { openInBrowser } from './eval-browser.ts';
import { renderEvaluation } from './eval-report.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { nextRunFolder } from './run-folder-name.ts';

export interface OutcomeOptions {
  readonly out?: string;
  readonly junit?: string;
  readonly open?: boolean;
}

/** Resamples of a figure that is published. */
export const finalDraws = 10_000;

/** Writes the reports of an evaluation, shows it, and says what the shell gets. */
export async function concludeEvaluation(
  evaluation: ReportedEvaluation,
  options: OutcomeOptions,
  output: Output,
): Promise<ExitCode> {
  const { renderJunit, writeReports } = await import('../evaluate/index.ts');
  const { result } = evaluation;
  const files = writeReports(options.out ?? (await nextRunFolder('evaluation', 'evaluations')), evaluation);
  if (options.junit !== undefined) writeJunit(options.junit, renderJunit(result));
  for (const warning of result.warnings) output.warn(warning);
  if (output.json) output.data(result);
  else output.result(`${renderEvaluation(result, output)}\n\nreport  ${files.html}\nsamples ${files.samples}`);
  if (options.open) openInBrowser(files.html, output);
  return exitCodeOf(result);
}

/** 4 where a requirement is not met, 1 where something that was asked for could not be told, else 0. */
function exitCodeOf({ requirements, notRun, partial }: EvaluationResult): ExitCode {
  if (requirements.some(({ outcome }) => outcome === 'failed' || outcome === 'invalid')) return exitCode.belowThreshold;
  const untold = requirements.some(({ outcome }) => outcome === 'underpowered') || notRun.length > 0 || partial;
  return untold ? exitCode.failed : exitCode.ok;
}

function writeJunit(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new PosttrainError('file-unwritable', `${file} cannot be written: ${(cause as Error).message}`, {
      help: 'name a file in a folder that is there: --junit results.xml',
      cause,
    });
  }
}

import { openInBrowser } from './eval-browser.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadStudies } from './library.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { shownPath } from './shown-path.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';
import { renderStudyPlan } from './study-plan.ts';
import { showStudyEvent } from './study-progress.ts';
import { renderStudy } from './study-report.ts';

export interface StudyCommandOptions {
  readonly dir?: string;
  readonly dryRun?: boolean;
  readonly threads?: number;
  readonly open?: boolean;
}

export async function studyCommand(file: string, options: StudyCommandOptions, output: Output): Promise<ExitCode> {
  const studies = await loadStudies();
  // A wrong study, or another one than the folder holds, is reported before anything is fetched, built or made.
  const prepared = await studies.planStudy(file, options);
  const dir = studies.studyFolderOf(prepared, options);
  if (options.dryRun) {
    if (output.json) output.data({ ...prepared.plan, dir, runs: studies.countRuns(prepared.arms, prepared.plan) });
    else output.result(renderStudyPlan(prepared, shownPath(dir), output));
    return exitCode.ok;
  }
  await prepareEngine(output);
  const stop = new AbortController();
  using watch = watchStopSignals(() => {
    stop.abort();
    output.warn('stopping after a checkpoint; press Ctrl-C again to stop at once');
  });
  const study = studies.runStudy(file, { ...options, dir, signal: stop.signal });
  try {
    for await (const event of study) {
      if (output.json) output.data(event);
      showStudyEvent(event, output);
    }
    const result = await study.result;
    const html = `${dir}/report.html`;
    if (!output.json) output.result(`${renderStudy(result, output)}\n\nreport  ${shownPath(html)}`);
    if (options.open) openInBrowser(html, output);
    return exitOf(result.requirements);
  } catch (error) {
    if (watch.received === undefined || error !== stop.signal.reason) throw error;
    output.note(
      `Stopped. The same command goes on: posttrain study ${file}${options.dir ? ` --dir ${options.dir}` : ''}`,
    );
    return signalExitCode[watch.received];
  } finally {
    output.status.done();
  }
}

/** As for `posttrain eval`: a condition that failed is 4, one that more seeds or documents would decide is 1. */
function exitOf(requirements: readonly { readonly outcome: string }[]): ExitCode {
  if (requirements.some(({ outcome }) => outcome === 'failed' || outcome === 'invalid')) return exitCode.belowThreshold;
  return requirements.some(({ outcome }) => outcome === 'underpowered') ? exitCode.failed : exitCode.ok;
}

import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadLibrary } from './library.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';

export interface MergeCommandOptions {
  readonly out: string;
  readonly base?: string;
  readonly tolerance?: number;
}

/** Adds an adapter into its base. The folder appears only where merged and unmerged logits agree. */
export async function mergeCommand(target: string, options: MergeCommandOptions, output: Output): Promise<ExitCode> {
  const { folder, warnings } = await findModelFolder(target);
  for (const warning of warnings) output.warn(warning);
  await prepareEngine(output);
  const { mergeAdapter } = await loadLibrary();
  const { out, base, tolerance } = options;
  const merged = await mergeAdapter(folder, { out, base, tolerance });
  const share = (value: number) => `${value.toExponential(2)} of the largest logit`;
  if (output.json) output.data(merged);
  else
    output.result(
      renderFacts([
        ['merged', `${shownPath(merged.out)}, ${merged.dtype} as its base ${shownPath(merged.base)}`],
        [
          'logits',
          `merged and unmerged differ by at most ${share(merged.largestDifference)} (allowed: ${merged.tolerance})`,
        ],
        ['adapter', `changes logits by at most ${share(merged.effect)}`],
        ['next', `posttrain chat ${shownPath(merged.out)}`],
      ]),
    );
  return exitCode.ok;
}

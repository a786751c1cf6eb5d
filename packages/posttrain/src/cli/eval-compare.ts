import { PosttrainError } from '../support/errors.ts';
import type { EvalCommandOptions } from './eval.ts';
import { parseMargins } from './eval-options.ts';
import { concludeEvaluation, finalDraws } from './eval-outcome.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Options that say how a model is asked, which none is here. */
const ofAsking = ['data', 'limit', 'training', 'judge', 'judgeLabels', 'allowSelfJudge', 'threads'] as const;

/** `posttrain eval --compare`: models of evaluations that were written before. No engine is started. */
export async function compareCommand(
  targets: readonly string[],
  options: EvalCommandOptions,
  output: Output,
): Promise<ExitCode> {
  if (targets.length < 2)
    throw new PosttrainError('usage', `--compare names ${targets.length} evaluations, and two or more are compared.`, {
      help: 'posttrain eval --compare evaluations/before evaluations/after; FOLDER#MODEL where one holds several models.',
    });
  const useless = ofAsking.find((name) => options[name] !== undefined);
  if (useless !== undefined)
    throw new PosttrainError('usage', `--${dashed(useless)} means nothing with --compare, which asks no model.`);
  const library = await import('../evaluate/index.ts');
  const names = (options.tasks ?? '').split(',').map((name) => name.trim());
  const own = await library.loadTasks(
    names.filter((name) => name !== ''),
    library.builtInTasks,
  );
  const evaluation = library.compareStored(targets.map(library.readStoredModel), {
    tasks: [...own, ...library.builtInTasks],
    margins: parseMargins(options.margin ?? []),
    requirements: (options.require ?? []).map(library.parseRequirement),
    seed: options.seed,
    draws: options.final ? finalDraws : undefined,
  });
  return concludeEvaluation(evaluation, options, output);
}

const dashed = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

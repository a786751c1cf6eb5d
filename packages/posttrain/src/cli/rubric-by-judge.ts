import type { JudgeReport } from '../evaluate/index.ts';
import { readRubric, rubricReward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { type EvalModelOptions, openJudge } from './eval-models.ts';
import type { NamedReward } from './load-reward.ts';
import type { Output } from './output.ts';

type Row = Readonly<Record<string, unknown>>;

export interface JudgedRubric extends NamedReward {
  readonly fingerprint: string;
  readonly weights: string;
  report(): JudgeReport;
}

/** The rubric reward, with the judge of --judge as its grader. */
export async function rubricByJudge(target: string, options: EvalModelOptions, output: Output): Promise<JudgedRubric> {
  const evaluate = await import('../evaluate/index.ts');
  const { judge, ...opened } = await openJudge(target, options, evaluate, output);
  const counted = new evaluate.CountedJudge(judge);
  return {
    reward: rubricReward<Row>({ grader: evaluate.rubricGrader(counted) }),
    folder: null,
    fingerprint: judge.fingerprint,
    weights: judge.weights,
    report: () => counted.report({ calibration: null, judgesItself: false }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/**
 * Reads every rubric before anything is asked.
 * @throws PosttrainError `data-invalid` naming file and line; where no row has a rubric
 */
export function checkRubrics(
  rows: readonly { readonly row: Row; readonly origin: { readonly file: string; readonly line: number } }[],
): void {
  let found = 0;
  for (const { row, origin } of rows) {
    try {
      if (readRubric(row) !== null) found++;
    } catch (error) {
      if (!PosttrainError.is(error)) throw error;
      const { file, line } = origin;
      throw new PosttrainError(error.code, error.message, { help: error.help, place: { file, line }, cause: error });
    }
  }
  if (found > 0) return;
  throw new PosttrainError('data-invalid', `none of the ${rows.length} prompts has a rubric.`, {
    help: '--reward rubric reads a list under "rubric" in each row: {"criterion": …, "points": …}.',
    place: { file: rows[0]!.origin.file },
  });
}

import { PosttrainError } from '../../support/errors.ts';
import { named, type Reward, type ScoredMessage, type ScoringContext } from '../contract.ts';
import { rubricScore } from '../factuality/rubric.ts';

/** One demand on an answer; points below zero are for what must not happen. */
export interface RubricItem {
  readonly criterion: string;
  readonly points: number;
}

/** Says which demands the conversation's last answer meets, one for each in order; null where no such verdict can be had. */
export type RubricGrader = (
  rubric: readonly RubricItem[],
  conversation: readonly ScoredMessage[],
  context: ScoringContext,
) => Promise<readonly boolean[] | null>;

/**
 * Points of the demands that are met over the points that can be won, in [0, 1] (Arora et al. 2025, arXiv:2505.08775; HealthBench):
 * an answer that meets some demands has part of the credit, and demands with negative points take from it. HealthBench clips the
 * mean over answers; a reward is asked of one answer, so each is clipped. The score before clipping is the part `unclipped`.
 *
 * null where the row has no rubric, and where the grader gives no verdict.
 *
 * @param options.rubric of a row; its `rubric` or `rubrics` without
 * @throws PosttrainError `data-invalid` for a rubric that is none
 */
export function rubricReward<Row extends Readonly<Record<string, unknown>>>(options: {
  readonly grader: RubricGrader;
  readonly rubric?: (row: Row) => readonly RubricItem[] | null;
}): Reward<Row> {
  const { grader, rubric: rubricOf = readRubric } = options;
  return named('rubric', async ({ messages, text, row }, context) => {
    const rubric = rubricOf(row);
    if (rubric === null) return { value: null, why: 'the row has no rubric' };
    const met = await grader(rubric, [...messages, { role: 'assistant', content: text }], context);
    if (met === null) return { value: null, why: 'no verdict' };
    if (met.length !== rubric.length)
      throw new PosttrainError(
        'reward-invalid',
        `the grader gave ${met.length} verdicts on ${rubric.length} criteria.`,
      );
    const unclipped = rubricScore(rubric.map(({ points }, i) => ({ points, met: met[i]! })));
    const missed = rubric.filter(({ points }, i) => met[i] !== points > 0).map(({ criterion }) => criterion);
    return {
      value: Math.min(1, Math.max(0, unclipped)),
      parts: { unclipped, met: met.filter(Boolean).length, criteria: rubric.length },
      why: missed.length === 0 ? 'all that was asked' : `not as asked: ${missed.join(' · ')}`,
    };
  });
}

/**
 * The rubric of a row: a list under `rubric` or `rubrics`, each with `criterion` and `points` (HealthBench), or with `description`
 * and `weight`; null where the row has none.
 * @throws PosttrainError `data-invalid` naming the criterion
 */
export function readRubric(row: Readonly<Record<string, unknown>>): RubricItem[] | null {
  const key = ['rubric', 'rubrics'].find((name) => row[name] !== undefined && row[name] !== null);
  if (key === undefined) return null;
  const list = row[key];
  if (!Array.isArray(list) || list.length === 0)
    throw invalid(`"${key}" is ${JSON.stringify(list)?.slice(0, 80)}, not a list of criteria`);
  const rubric = list.map((item: unknown, i) => demandOf(item, `${key}[${i}]`));
  if (!rubric.some(({ points }) => points > 0)) throw invalid(`"${key}" has no criterion with points above 0`);
  return rubric;
}

function demandOf(item: unknown, at: string): RubricItem {
  const { criterion, description, points, weight } = (item ?? {}) as Readonly<Record<string, unknown>>;
  const text = criterion ?? description;
  const value = points ?? weight;
  if (typeof text !== 'string' || text.trim() === '') throw invalid(`${at} has no criterion`);
  if (typeof value !== 'number' || !Number.isFinite(value) || value === 0)
    throw invalid(`${at} has points ${JSON.stringify(value) ?? 'missing'}; they are a number above or below 0`);
  return { criterion: text, points: value };
}

function invalid(message: string): PosttrainError {
  return new PosttrainError('data-invalid', `${message}.`, {
    help: 'a rubric is a list such as [{"criterion": "names the dose", "points": 5}, {"criterion": "invents a source", "points": -8}].',
  });
}

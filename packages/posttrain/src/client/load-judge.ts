import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readPrinciples } from '../data/index.ts';
import {
  endpointJudge,
  endpointOf,
  folderModel,
  type Judge,
  judgeReward,
  modelJudge,
  rubricGrader,
} from '../evaluate/index.ts';
import type { RewardOptions } from '../runs/recipe/recipe.generated.ts';
import type { ResolvedReward } from '../runs/recipe/resolved-recipe.ts';
import { type Reward, type RubricItem, readRubric, rubricReward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { nearestFirst } from '../support/nearest.ts';
import { loadModel } from './model.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * The reward `judge` or `rubric` of a recipe, with its judge. Disposing of it ends the engine of a judge of this machine.
 * @throws PosttrainError what loading the model, the principles and the criteria throws; `recipe-invalid` for a principle that is not there
 */
export async function loadJudgeReward(resolved: ResolvedReward): Promise<Reward<Row> & AsyncDisposable> {
  const options = resolved.with!;
  const make = resolved.use === 'rubric' ? await rubricMaker(options) : await pairMaker(options);
  const { judge, close } = await openJudge(options, resolved.timeout);
  return Object.assign(make(judge), { [Symbol.asyncDispose]: close });
}

async function pairMaker({ principles, principle }: RewardOptions): Promise<(judge: Judge) => Reward<Row>> {
  if (principles === undefined) return (judge) => judgeReward({ judge });
  const { principles: all } = await readPrinciples(principles);
  const chosen = principle === undefined ? all : all.filter(({ id }) => id === principle);
  if (chosen.length > 0) return (judge) => judgeReward({ judge, principles: chosen });
  const ids = all.map(({ id }) => id);
  throw new PosttrainError('recipe-invalid', `${principles} has no principle ${principle}.`, {
    place: { key: 'rewards.with.principle' },
    help: `it has ${nearestFirst(principle!, ids).join(', ')}.`,
  });
}

async function rubricMaker({ criteria }: RewardOptions): Promise<(judge: Judge) => Reward<Row>> {
  const rubric = criteria === undefined ? null : await readCriteria(criteria);
  return (judge) => rubricReward<Row>({ grader: rubricGrader(judge), ...(rubric ? { rubric: () => rubric } : {}) });
}

/** A JSON list of criteria with points, or principles: to keep to each is worth a point. */
async function readCriteria(file: string): Promise<readonly RubricItem[]> {
  if (!file.endsWith('.json')) {
    const { principles } = await readPrinciples(file);
    return principles.map(({ title, text }) => ({
      criterion: `keeps to this principle: ${title}: ${text}`,
      points: 1,
    }));
  }
  if (!existsSync(file))
    throw new PosttrainError('file-missing', `There is no file ${file}.`, {
      place: { file, key: 'rewards.with.criteria' },
    });
  try {
    return readRubric({ rubric: JSON.parse(readFileSync(file, 'utf8')) as unknown })!;
  } catch (cause) {
    const help = PosttrainError.is(cause) ? cause.help : undefined;
    throw new PosttrainError('data-invalid', (cause as Error).message, { place: { file }, help, cause });
  }
}

async function openJudge(
  { model: target, precision = 'auto', threads = 'auto' }: RewardOptions,
  timeoutSeconds: number,
): Promise<{ readonly judge: Judge; readonly close: () => Promise<void> }> {
  const endpoint = endpointOf(target!);
  // How many calls are under way, and whether a judge that does not answer is asked again, is the recipe's to say.
  const asking = { concurrency: Number.POSITIVE_INFINITY, patience: Number.POSITIVE_INFINITY };
  if (endpoint) return { judge: endpointJudge({ ...endpoint, ...asking, timeoutSeconds }), close: async () => {} };
  const model = await loadModel(target!, { precision, threads });
  try {
    const evaluated = await folderModel(model, { id: basename(target!), precision, engine: 'this engine' });
    return { judge: modelJudge(evaluated, asking), close: () => model[Symbol.asyncDispose]() };
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

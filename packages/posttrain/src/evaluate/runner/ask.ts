import { PosttrainError } from '../../support/errors.ts';
import type { Answer, AskOptions, EvalModel } from '../models/eval-model.ts';
import type { GenerateRequest, LoglikelihoodRequest, RollingRequest, TaskResponse } from '../request.ts';
import type { Batch } from './batches.ts';
import type { PlannedItem, PlannedUnit } from './plan.ts';
import type { ResponseCache } from './response-cache.ts';

/** What the cache keeps of one request: a response, or one answer of those that were drawn. */
export type UnitResponse =
  | Exclude<TaskResponse, { kind: 'generate' }>
  | { readonly kind: 'generate'; readonly answer: Answer };

/** Asks what of a batch is not known yet, and keeps it. @returns how many requests were asked */
export async function askBatch(
  model: EvalModel,
  batch: Batch,
  cache: ResponseCache<UnitResponse>,
  options: AskOptions,
): Promise<number> {
  const missing = batch.filter(({ key }) => !cache.has(key));
  if (missing.length === 0) return 0;
  const responses = await ask(model, missing, options);
  for (const [i, unit] of missing.entries()) cache.put(unit.key, checked(responses[i], unit, model));
  return missing.length;
}

async function ask(model: EvalModel, units: readonly PlannedUnit[], options: AskOptions): Promise<UnitResponse[]> {
  const requests = units.map(({ request }) => request);
  switch (requests[0]!.kind) {
    case 'loglikelihood': {
      const asked = (requests as readonly LoglikelihoodRequest[]).map(({ context, continuations }) => ({
        context,
        continuations,
      }));
      return (await model.likelihoods(asked, options)).map((choices) => ({ kind: 'loglikelihood', choices }));
    }
    case 'rolling': {
      const texts = (requests as readonly RollingRequest[]).map(({ text }) => text);
      return (await model.rolling(texts, options)).map((result) => ({ kind: 'rolling', ...result }));
    }
    case 'generate': {
      const asked = requests as readonly GenerateRequest[];
      const { maxTokens, stop = [], temperature = 0, topP = 1 } = asked[0]!;
      const settings = { maxTokens, stop, temperature, topP, seeds: units.map(({ seed }) => seed) };
      const prompts = asked.map(({ prompt }) => prompt);
      return (await model.generate(prompts, settings, options)).map((answer) => ({ kind: 'generate', answer }));
    }
  }
}

/** NaN is no log-likelihood and compares with nothing: it stops before it is kept. −∞ is one, of probability 0. */
function checked(response: UnitResponse | undefined, { request }: PlannedUnit, model: EvalModel): UnitResponse {
  if (response === undefined)
    throw new PosttrainError('internal', `${model.id} gave fewer responses than it was asked for.`);
  const numbers =
    response.kind === 'loglikelihood'
      ? response.choices.map(({ logp }) => logp)
      : response.kind === 'rolling'
        ? [response.logp]
        : [];
  const wrong = numbers.find((number) => Number.isNaN(number) || number === Number.POSITIVE_INFINITY);
  if (wrong === undefined) return response;
  throw new PosttrainError('non-finite', `${model.id} gives a log-likelihood of ${wrong}.`, {
    help: `asked: ${JSON.stringify(request).slice(0, 200)}`,
  });
}

/** The whole response of an item, or undefined while a part of it is missing. */
export function responseOf(item: PlannedItem, cache: ResponseCache<UnitResponse>): TaskResponse | undefined {
  const parts = item.units.map(({ key }) => cache.get(key));
  if (parts.some((part) => part === undefined)) return undefined;
  const [first, alone] = parts;
  if (first!.kind === 'loglikelihood' && alone?.kind === 'loglikelihood')
    return { ...first!, unconditional: alone.choices };
  if (first!.kind !== 'generate') return first;
  const answers = parts.map((part) => (part as { readonly answer: Answer }).answer);
  return { kind: 'generate', answers, text: answers[0]!.text };
}

import { sha256 } from '../digest.ts';
import type { Prompt, TaskRequest, TaskResponse } from '../request.ts';
import { requestText } from '../runner/overlap.ts';
import type { ScoredRun } from './task-result.ts';

/**
 * The items of a task as rows of samples.jsonl, under the names of lm-evaluation-harness (doc_id, doc, target, arguments,
 * resps, filtered_resps, doc_hash, prompt_hash, target_hash) and with what it has no name for.
 */
export function* sampleRows({
  task,
  model,
  items,
  overlapping,
}: ScoredRun): Generator<Readonly<Record<string, unknown>>> {
  for (const item of items) {
    const target = item.target ?? '';
    yield {
      model,
      task,
      doc_id: item.docId,
      doc: item.doc,
      target,
      arguments: argumentsOf(item.request),
      resps: responsesOf(item.response).map((response) => [response]),
      filtered_resps: item.request.kind === 'generate' ? [item.prediction] : responsesOf(item.response),
      ...item.values,
      doc_hash: sha256(JSON.stringify(item.doc, null, 2)),
      prompt_hash: sha256(requestText(item.request)),
      target_hash: sha256(target),
      status: item.outcome,
      prediction: item.prediction,
      citations: item.citations,
      why: item.why,
      seed: item.seed,
      cluster: item.cluster,
      stratum: item.stratum,
      flags: Object.entries(item.flags).flatMap(([flag, is]) => (is === true ? [flag] : [])),
      ...(overlapping ? { in_training_data: overlapping.has(item.docId) } : {}),
    };
  }
}

/** One entry for each request as lm-evaluation-harness counts them: a choice is a request of its own. */
function argumentsOf(request: TaskRequest): object {
  const lists =
    request.kind === 'loglikelihood'
      ? [request.context, ...(request.unconditional ? [''] : [])].flatMap((context) =>
          request.continuations.map((continuation) => [context, continuation]),
        )
      : request.kind === 'rolling'
        ? [[request.text]]
        : [[promptOf(request.prompt), { max_gen_toks: request.maxTokens, until: request.stop ?? [] }]];
  return Object.fromEntries(
    lists.map((list, i) => [`gen_args_${i}`, Object.fromEntries(list.map((value, j) => [`arg_${j}`, value]))]),
  );
}

const promptOf = (prompt: Prompt): unknown => prompt;

function responsesOf(response: TaskResponse): unknown[] {
  switch (response.kind) {
    case 'loglikelihood':
      return [...response.choices, ...(response.unconditional ?? [])].map(({ logp, greedy }) => [logp, greedy]);
    case 'rolling':
      return [response.logp];
    case 'generate':
      return response.answers.map(({ text }) => text);
  }
}

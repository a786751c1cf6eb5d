import { choiceValues } from '../../scoring/index.ts';
import type { LoglikelihoodResponse } from '../request.ts';
import type { Task } from '../task.ts';

/**
 * The same choices compared by log p(choice | context) − log p(choice), lm-evaluation-harness's `acc_mutual_info` (Holtzman et al. 2021,
 * arXiv:2104.08315, with an empty premise): what the context adds, so that a choice does not win by being a common phrase. It has
 * a name of its own, since its figures are others; the data's name is the same.
 */
export function byMutualInformation(task: Task): Task {
  return {
    ...task,
    name: `${task.name}/mutual_info`,
    about: `${task.about} By mutual information: less the likelihood of the choice by itself.`,
    request: (doc) => {
      const request = task.request(doc);
      return request.kind === 'loglikelihood' ? { ...request, unconditional: true } : request;
    },
    score: (doc, response, context) =>
      task.score(doc, response.kind === 'loglikelihood' ? informed(response) : response, context),
  };
}

function informed({ choices, unconditional = [], ...response }: LoglikelihoodResponse): LoglikelihoodResponse {
  const values = choiceValues(
    {
      choices: choices.map((_, i) => `choice ${i}`),
      conditional: choices.map(({ logp }) => logp),
      unconditional: unconditional.map(({ logp }) => logp),
    },
    'mutualInformation',
  );
  return { ...response, choices: choices.map((choice, i) => ({ ...choice, logp: values[i]! })) };
}

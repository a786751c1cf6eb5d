import { TableModel } from '../../evaluate/models/table-model.ts';
import type { Prompt } from '../../evaluate/request.ts';
import { utf8Length } from '../../scoring/choice/pick.ts';
import { hashSeed } from '../../support/random.ts';
import type { Policy } from './policies.ts';
import type { Question } from './questions.ts';

/** Nats for each byte of what a model without skill writes, of what one with some skill reads, and of what a model is sure of. */
const nats = { blind: 8 * Math.LN2, reading: 1.5 * Math.LN2, sure: 0.01 };

/** Whether the policy has an answer to every such question: its model runs on such tasks only. Whole texts are for policies of likelihoods alone. */
export function applies(policy: Policy, questions: readonly Question[]): boolean {
  return questions.every((question) => {
    const { request } = question;
    if (request.kind === 'generate') return (policy.write?.(question, request) ?? null) !== null;
    if (request.kind === 'loglikelihood') return (policy.choose?.(question, request) ?? null) !== null;
    return policy.write === undefined;
  });
}

/**
 * A model that answers by a policy. Its likelihoods are those of a distribution over texts, except where the policy says `all`: what
 * it does not prefer has 8 bits a byte (1.5 where `reads`), and a whole sentence it prefers is a little likelier than that.
 */
export function policyModel(policy: Policy, questions: readonly Question[], reads = false): TableModel {
  const answers = new Map<string, string>();
  const likelihoods = new Map<string, number>();
  const base = reads ? nats.reading : nats.blind;
  for (const question of questions) {
    const { request } = question;
    if (request.kind === 'generate')
      answers.set(JSON.stringify(request.prompt), policy.write?.(question, request) ?? '');
    if (request.kind !== 'loglikelihood') continue;
    const chosen = policy.choose?.(question, request) ?? 'shortest';
    request.continuations.forEach((text, k) => {
      const plain = -base * utf8Length(text);
      const preferred = request.context === '' ? plain + 1 : -nats.sure * utf8Length(text);
      const logp = chosen === 'all' ? 0 : k === chosen ? preferred : plain - jitter(request.context + text);
      likelihoods.set(keyOf(request.context, text), logp);
    });
  }
  return new TableModel({
    id: policy.name,
    contextLength: 1_000_000,
    answer: (prompt: Prompt) => answers.get(JSON.stringify(prompt)) ?? '',
    logp: (context, text) => likelihoods.get(keyOf(context, text)) ?? (policy.certain ? 0 : -base * utf8Length(text)),
  });
}

/** Less than a byte is worth: texts of one length do not tie. */
const jitter = (text: string): number => hashSeed(3, text) / 2 ** 32;

const keyOf = (context: string, text: string): string => `${context}\u0000${text}`;

import type { Message, Principle } from '../../data/index.ts';
import { hashSeed } from '../../support/random.ts';
import type { Answer, EvalModel } from '../models/eval-model.ts';

/** A prompt whose answer is to be revised by a principle. */
export interface ToRevise {
  /** Names prompt and turn: the seeds come from it, so that nothing else in a file changes what is drawn. */
  readonly id: string;
  readonly prompt: readonly Message[];
  readonly principle: Principle;
}

/** One text of the three, as it was drawn. */
export interface Draft {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  /** Tokens of the conversation's start that the model had no room to see. */
  readonly cut: number;
}

/** A first answer, what its own model finds wrong with it by one principle, and the answer after that. */
export interface Revision {
  readonly principle: string;
  readonly first: Draft;
  readonly critique: Draft;
  readonly revision: Draft;
}

export interface RevisionSettings {
  /** Of each of the three texts. */
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/**
 * Critique and revision by written principles (Bai et al. 2022, arXiv:2212.08073, §3.1): first answer, critique and revision are turns
 * of one conversation, each asked of the same model. Where we differ: the principle itself stands before the critique request, there are
 * no worked examples before the conversation, and one principle revises an answer once; `n` chains of a prompt take other principles.
 *
 * @throws what the model throws; the signal's reason
 */
export async function critiqueAndRevise(
  model: EvalModel,
  asked: readonly ToRevise[],
  settings: RevisionSettings,
  { signal }: { readonly signal: AbortSignal },
): Promise<Revision[]> {
  const turns: Message[][] = asked.map(({ prompt }) => [...prompt]);
  const draw = async (step: string): Promise<Draft[]> => {
    const { seed, ...sampling } = settings;
    const seeds = asked.map(({ id }) => hashSeed(seed, 'critique-revise', id, step));
    const drafts = (await model.generate(turns, { ...sampling, stop: [], seeds }, { signal })).map(draftOf);
    for (const [i, { text }] of drafts.entries()) turns[i]!.push({ role: 'assistant', content: text });
    return drafts;
  };
  const say = (request: (principle: Principle) => string) => {
    for (const [i, { principle }] of asked.entries()) turns[i]!.push({ role: 'user', content: request(principle) });
  };
  const first = await draw('first');
  say(critiqueRequest);
  const critique = await draw('critique');
  say((principle) => principle.revision);
  const revision = await draw('revision');
  return asked.map(({ principle }, i) => ({
    principle: principle.id,
    first: first[i]!,
    critique: critique[i]!,
    revision: revision[i]!,
  }));
}

function critiqueRequest({ title, text, critique }: Principle): string {
  return `A principle for answers:\n\n${title}: ${text}\n\n${critique}`;
}

function draftOf({ text, finish, cut }: Answer): Draft {
  return { text: text.trim(), finish: finish === 'length' ? 'length' : 'stop', cut };
}

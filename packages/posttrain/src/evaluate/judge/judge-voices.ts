import type { Message } from '../../data/types.ts';
import { PosttrainError } from '../../support/errors.ts';
import { digest } from '../digest.ts';
import { EndpointClient, type EndpointOptions, firstChoice } from '../endpoint/endpoint-client.ts';
import type { EvalModel } from '../models/eval-model.ts';
import { AskingJudge, type AskingOptions, type JudgeVoice } from './asking-judge.ts';
import type { Judge } from './judge.ts';

/** Room for a verdict and a little thinking before it. */
const verdictTokens = 256;

/** A server that speaks OpenAI's protocol as a judge. */
export function endpointJudge(options: EndpointOptions & AskingOptions & { readonly id?: string }): Judge {
  const client = new EndpointClient(options);
  const weights = digest({ url: client.url, model: client.model, revision: null });
  const voice: JudgeVoice = {
    id: options.id ?? options.model,
    fingerprint: { endpoint: weights, verdictTokens },
    weights,
    say: async (messages, signal) => {
      const turns = messages.map(({ role, content }) => ({ role, content }));
      const body = { messages: turns, temperature: 0, seed: 0, max_tokens: verdictTokens };
      return firstChoice(await client.post('/chat/completions', body, signal), client).text;
    },
  };
  return new AskingJudge(voice, options);
}

/**
 * A model of this machine as a judge. Questions that are asked at the same time are answered together.
 * @throws PosttrainError `usage` where it cannot answer messages
 */
export function modelJudge(model: EvalModel, options: AskingOptions = {}): Judge {
  if (!model.kinds.includes('chat'))
    throw new PosttrainError('usage', `${model.id} cannot judge: ${model.whyNot?.chat ?? 'it answers no messages.'}`, {
      help: 'name a chat model, or a server.',
    });
  const together = new Together(model);
  const voice: JudgeVoice = {
    id: model.id,
    fingerprint: { model: model.fingerprint, verdictTokens },
    weights: model.fingerprint.weights,
    say: (messages, signal) => together.ask(messages, signal),
  };
  return new AskingJudge(voice, options);
}

interface Asked {
  readonly messages: readonly Message[];
  readonly signal: AbortSignal;
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects what is asked in one turn of the event loop. */
class Together {
  readonly #model: EvalModel;
  #asked: Asked[] = [];

  constructor(model: EvalModel) {
    this.#model = model;
  }

  ask(messages: readonly Message[], signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ messages, signal, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => void this.#answer());
    });
  }

  async #answer(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const answers = await this.#model.generate(
        asked.map(({ messages }) => messages),
        { maxTokens: verdictTokens, stop: [], temperature: 0, topP: 1, seeds: asked.map(() => 0) },
        { signal: asked[0]!.signal },
      );
      for (const [i, { resolve }] of asked.entries()) resolve(answers[i]!.text);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}

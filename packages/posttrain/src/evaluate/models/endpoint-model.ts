import type { LikelihoodRequest, LikelihoodResult } from '../../models/generation/settings.ts';
import { PosttrainError } from '../../support/errors.ts';
import { digest } from '../digest.ts';
import { EndpointClient, type EndpointOptions, failed, failureOf, firstChoice } from '../endpoint/endpoint-client.ts';
import type { Prompt } from '../request.ts';
import type { Answer, AnswerSettings, AskedKind, AskOptions, EvalModel, ModelFingerprint } from './eval-model.ts';

export interface EndpointModelOptions extends EndpointOptions {
  /** What reports call it; the model's name without. */
  readonly id?: string;
  /** What distinguishes its weights, such as a commit: an endpoint does not say when they change. */
  readonly revision?: string | undefined;
}

/** Asked for its log-likelihoods before they are believed. */
const probe = { context: 'The capital of France is', likely: ' Paris', unlikely: ' bicycle' } as const;

/**
 * A model behind a server that speaks OpenAI's protocol. It generates; it judges likelihoods only where a probe shows that
 * the server gives the log-probability of every token of a prompt, which many do not. Whole texts it never judges, since
 * a server does not say what stood before the first token.
 */
export class EndpointModel implements EvalModel {
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  readonly contextLength = null;
  readonly kinds: readonly AskedKind[];
  readonly whyNot: Readonly<Partial<Record<AskedKind, string>>>;
  readonly caveats = ['its weights cannot be hashed; the cache trusts its address, name and revision.'];
  readonly #client: EndpointClient;

  private constructor(client: EndpointClient, options: EndpointModelOptions, whyNot: Probed) {
    this.#client = client;
    this.id = options.id ?? options.model;
    const weights = digest({ url: client.url, model: options.model, revision: options.revision ?? null });
    this.fingerprint = {
      weights,
      tokenizer: `endpoint ${weights}`,
      template: null,
      dtype: 'unknown',
      engine: 'endpoint',
    };
    this.whyNot = { ...whyNot, rolling: 'a server does not say what stands before the first token of a text.' };
    this.kinds = (['loglikelihood', 'generate', 'chat'] as const).filter((kind) => this.whyNot[kind] === undefined);
  }

  /** Probes the server. @throws PosttrainError `endpoint-failed` where it cannot be reached */
  static async connect(options: EndpointModelOptions, { signal }: AskOptions = {}): Promise<EndpointModel> {
    const client = new EndpointClient(options);
    return new EndpointModel(client, options, await probeServer(client, signal));
  }

  async likelihoods(requests: readonly LikelihoodRequest[], { signal }: AskOptions): Promise<LikelihoodResult[][]> {
    return Promise.all(
      requests.map(({ context, continuations }) =>
        Promise.all(continuations.map((continuation) => judge(this.#client, context, continuation, signal))),
      ),
    );
  }

  async rolling(): Promise<never> {
    throw new PosttrainError('usage', `${this.id}: ${this.whyNot.rolling}`);
  }

  async generate(prompts: readonly Prompt[], settings: AnswerSettings, { signal }: AskOptions): Promise<Answer[]> {
    return Promise.all(prompts.map((prompt, i) => this.#answer(prompt, settings, settings.seeds[i]!, signal)));
  }

  async #answer(
    prompt: Prompt,
    settings: AnswerSettings,
    seed: number,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const chat = typeof prompt !== 'string';
    const answer = await this.#client.post(
      chat ? '/chat/completions' : '/completions',
      {
        ...(chat ? { messages: prompt.map(({ role, content }) => ({ role, content })) } : { prompt }),
        max_tokens: settings.maxTokens,
        temperature: settings.temperature,
        top_p: settings.topP,
        seed: seed >>> 1, // some servers take signed 32-bit seeds only
        ...(settings.stop.length > 0 ? { stop: settings.stop } : {}),
      },
      signal,
    );
    const { text, finish, tokens } = firstChoice(answer, this.#client);
    // Which tokens they were, the protocol does not say; how many is enough for lengths.
    return { text, finish, tokens: Array.from({ length: tokens }, () => -1), cut: 0 };
  }
}

type Probed = Readonly<Partial<Record<'loglikelihood' | 'generate', string>>>;

/** What a server cannot do, with the reasons. Chat is what all of them can. */
async function probeServer(client: EndpointClient, signal: AbortSignal | undefined): Promise<Probed> {
  try {
    const likely = await judge(client, probe.context, probe.likely, signal);
    const unlikely = await judge(client, probe.context, probe.unlikely, signal);
    if (likely.logp !== unlikely.logp) return {};
    return {
      loglikelihood: `the server gives "${probe.likely}" and "${probe.unlikely}" the same log-likelihood, ${likely.logp}.`,
    };
  } catch (error) {
    const loglikelihood = `the server gives no log-probabilities of prompts: ${refusal(error).message}`;
    return { loglikelihood, ...(await probeCompletion(client, signal)) };
  }
}

/** Many servers speak in chats only. */
async function probeCompletion(client: EndpointClient, signal: AbortSignal | undefined): Promise<Probed> {
  try {
    await client.post('/completions', { prompt: probe.context, max_tokens: 1, temperature: 0 }, signal);
    return {};
  } catch (error) {
    return { generate: `the server continues no text: ${refusal(error).message}` };
  }
}

/** An answer that says no; anything else, such as nobody there, is an error of its own. */
function refusal(error: unknown): Error {
  const failure = failureOf(error);
  if (failure === undefined || failure === 'unreachable' || failure === 'timeout') throw error;
  return error as Error;
}

interface EchoedLogprobs {
  readonly token_logprobs?: readonly (number | null)[];
  readonly text_offset?: readonly number[];
  readonly tokens?: readonly string[];
  readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[];
}

/** The log-probability of a continuation, from a completion that echoes its prompt. */
async function judge(
  client: EndpointClient,
  context: string,
  continuation: string,
  signal: AbortSignal | undefined,
): Promise<LikelihoodResult> {
  const prompt = context + continuation;
  const answer = await client.post(
    '/completions',
    { prompt, echo: true, max_tokens: 1, temperature: 0, logprobs: 1 },
    signal,
  );
  const choice = (answer as { readonly choices?: readonly { readonly logprobs?: EchoedLogprobs }[] }).choices?.[0];
  const { token_logprobs: logps, text_offset: offsets, tokens, top_logprobs: top } = choice?.logprobs ?? {};
  const promptTokens = (answer as { readonly usage?: { readonly prompt_tokens?: unknown } }).usage?.prompt_tokens;
  if (!logps || !offsets || !tokens)
    throw failed('malformed', `the answer of ${client.url} has no token_logprobs, text_offset and tokens.`);
  if (typeof promptTokens === 'number' && logps.length !== promptTokens + 1)
    throw failed(
      'malformed',
      `${client.url} gives ${logps.length} log-probabilities for ${promptTokens} tokens of a prompt and one of the answer.`,
    );
  const inside = offsets.flatMap((offset, i) =>
    offset < prompt.length && offset + tokens[i]!.length > context.trimEnd().length ? [i] : [],
  );
  const found = inside.map((i) => logps[i]);
  if (found.length === 0 || found.some((logp) => typeof logp !== 'number'))
    throw failed('malformed', `${client.url} gives no log-probability for a token of ${JSON.stringify(continuation)}.`);
  return {
    logp: (found as number[]).reduce((sum, logp) => sum + logp, 0),
    tokens: found.length,
    greedy: inside.every(
      (i) => logps[i] === Math.max(...Object.values(top?.[i] ?? { none: Number.POSITIVE_INFINITY })),
    ),
    cut: 0,
  };
}

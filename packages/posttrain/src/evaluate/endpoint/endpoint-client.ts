import { PosttrainError } from '../../support/errors.ts';

/** What went wrong with an endpoint: nobody there, no answer in time, or an answer that is none. */
export type EndpointFailure = 'unreachable' | 'timeout' | 'refused' | 'malformed';

export interface EndpointOptions {
  /** Up to and with the version, such as `http://localhost:8000/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token, and kept out of errors and results. */
  readonly apiKey?: string | undefined;
  /** Until an answer must be there; 60 without. */
  readonly timeoutSeconds?: number | undefined;
  /** Requests at the same time; 4 without. */
  readonly concurrency?: number | undefined;
}

/** A server that speaks OpenAI's protocol. Requests beyond `concurrency` wait their turn. */
export class EndpointClient {
  readonly url: string;
  readonly model: string;
  readonly #options: EndpointOptions;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @throws PosttrainError `usage` for an address that is none */
  constructor(options: EndpointOptions) {
    if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol))
      throw new PosttrainError('usage', `${JSON.stringify(options.url)} is no http address.`, {
        help: 'write it up to the version: http://localhost:8000/v1',
      });
    this.url = options.url.replace(/\/+$/, '');
    this.model = options.model;
    this.#options = options;
    this.#free = options.concurrency ?? 4;
  }

  /**
   * Posts a request and gives the JSON of the answer.
   * @throws PosttrainError `endpoint-failed`, with the {@link EndpointFailure} in `data.failure`; the signal's reason
   */
  async post(path: string, body: object, signal?: AbortSignal): Promise<unknown> {
    await this.#take();
    try {
      return await this.#send(path, body, signal);
    } finally {
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  async #take(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free--;
  }

  async #send(path: string, body: object, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const { apiKey, timeoutSeconds = 60 } = this.#options;
    const limit = AbortSignal.timeout(timeoutSeconds * 1000);
    const headers = { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ model: this.model, ...body }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw limit.aborted
        ? failed('timeout', `${this.url}${path} gave no answer in ${timeoutSeconds} s.`, cause)
        : failed('unreachable', `${this.url}${path} cannot be reached: ${reasonOf(cause)}.`, cause);
    }
    if (!response.ok)
      throw failed('refused', `${this.url}${path} answers ${response.status}: ${text.slice(0, 200) || 'nothing'}.`);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw failed('malformed', `${this.url}${path} answers no JSON: ${text.slice(0, 80)}`, cause);
    }
  }
}

/** fetch says only "fetch failed"; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code || (cause instanceof Error ? cause.message : String(cause));
}

export function failed(failure: EndpointFailure, message: string, cause?: unknown): PosttrainError {
  return new PosttrainError('endpoint-failed', message, {
    help: 'check the address, the model name and the server’s own log.',
    data: { failure },
    cause,
  });
}

/** What went wrong, where an error is an endpoint's. */
export function failureOf(error: unknown): EndpointFailure | undefined {
  if (!PosttrainError.is(error) || error.code !== 'endpoint-failed') return undefined;
  return error.data?.['failure'] as EndpointFailure;
}

/** The text and end of the first choice of a completion. @throws PosttrainError `endpoint-failed` */
export function firstChoice(
  answer: unknown,
  client: EndpointClient,
): { text: string; finish: 'stop' | 'length'; tokens: number } {
  const { choices, usage } = (answer ?? {}) as {
    readonly choices?: readonly {
      readonly text?: unknown;
      readonly message?: { readonly content?: unknown };
      readonly finish_reason?: unknown;
    }[];
    readonly usage?: { readonly completion_tokens?: unknown };
  };
  const choice = Array.isArray(choices) ? choices[0] : undefined;
  const text = choice?.message ? (choice.message.content ?? '') : choice?.text;
  if (typeof text !== 'string')
    throw failed('malformed', `${client.url} answers without a choice: ${JSON.stringify(answer).slice(0, 120)}`);
  const tokens = usage?.completion_tokens;
  return {
    text,
    finish: choice?.finish_reason === 'length' ? 'length' : 'stop',
    tokens: typeof tokens === 'number' ? tokens : 0,
  };
}

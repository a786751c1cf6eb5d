import { PrefixAttention } from '../nn/index.ts';
import { cat, noGrad, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import type { CausalLm } from './causal-lm.ts';

/** One context and the continuations to be judged after it, as token ids. Context and continuations are not empty. */
export interface LikelihoodQuery {
  readonly context: readonly number[];
  readonly continuations: readonly (readonly number[])[];
}

export interface Likelihood {
  /** Log-probability of each token of the continuation, in nats. */
  readonly logps: readonly number[];
  /** Every token is the model's first choice. */
  readonly greedy: boolean;
}

/** Rows of logits that exist at once. */
const chunkRows = 2048;

/**
 * Log-probabilities of continuations. Every context is computed once, however many continuations share it; the last
 * token of a continuation is judged but never run.
 * @returns for each query the likelihood of each of its continuations.
 */
export function logLikelihoods(model: CausalLm, queries: readonly LikelihoodQuery[]): Likelihood[][] {
  return scope(() =>
    noGrad(() => {
      const device = model.parameters()[0]!.device;
      using attention = new PrefixAttention(
        queries.map(({ context }) => context.length),
        device,
      );
      const whole = (ids: readonly number[]) => tensor(ids, { dtype: 'int64', device });
      const contexts = model.call(whole(queries.flatMap(({ context }) => context)), attention.prefixes);
      const branches = queries.flatMap(({ continuations }, prefix) =>
        continuations.flatMap((tokens) => (tokens.length > 1 ? [{ prefix, length: tokens.length - 1, tokens }] : [])),
      );
      const states = branches.length > 0 ? continued(model, attention, branches, whole) : undefined;
      return judge(model, queries, contexts, states);
    }),
  );
}

/** Hidden states of all tokens but the last of every branch, in one line. */
function continued(
  model: CausalLm,
  attention: PrefixAttention,
  branches: readonly { prefix: number; length: number; tokens: readonly number[] }[],
  whole: (ids: readonly number[]) => Tensor,
): Tensor {
  using context = attention.branches(branches);
  return model.call(whole(branches.flatMap(({ tokens, length }) => tokens.slice(0, length))), context);
}

/** Looks every continuation's tokens up: the first from its context's last state, the others from its own. */
function judge(
  model: CausalLm,
  queries: readonly LikelihoodQuery[],
  contexts: Tensor,
  states: Tensor | undefined,
): Likelihood[][] {
  const total = contexts.shape[0]!;
  const from: number[] = [];
  const targets: number[] = [];
  let [end, next] = [0, total];
  for (const { context, continuations } of queries) {
    end += context.length;
    for (const tokens of continuations) {
      for (const [t, token] of tokens.entries()) {
        from.push(t === 0 ? end - 1 : next++);
        targets.push(token);
      }
    }
  }
  const { logps, first } = lookUp(model, contexts, states, from, targets);
  let at = 0;
  return queries.map(({ continuations }) =>
    continuations.map(({ length }) => {
      const slice = [at, at + length] as const;
      at += length;
      return { logps: logps.slice(...slice), greedy: first.slice(...slice).every(Boolean) };
    }),
  );
}

/** log p of each target from the state at `from` (contexts first, then the branches' states), and whether it is the likeliest. */
function lookUp(
  model: CausalLm,
  contexts: Tensor,
  states: Tensor | undefined,
  from: readonly number[],
  targets: readonly number[],
) {
  const all = states ? cat([contexts, states]) : contexts;
  const logps: number[] = [];
  const first: boolean[] = [];
  for (let start = 0; start < from.length; start += chunkRows) {
    scope(() => {
      const ids = targets.slice(start, start + chunkRows);
      const whole = (values: readonly number[]) => tensor(values, { dtype: 'int64', device: all.device });
      const logits = model.logits(all.indexSelect(0, whole(from.slice(start, start + chunkRows))));
      const chosen = logits.gather(1, whole(ids).unsqueeze(1)).squeeze(1);
      logps.push(...toArray(chosen.sub(logits.logsumexp([-1]))));
      first.push(...toArray(logits.argmax(-1)).map((token, i) => token === ids[i]));
    });
  }
  return { logps, first };
}

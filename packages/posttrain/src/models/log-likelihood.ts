import { forwardOnly, TreeAttention } from '../nn/index.ts';
import { scope, tensor } from '../tensor/index.ts';
import type { CausalLm } from './causal-lm.ts';
import { type Asked, lookUp } from './next-token-log-probability.ts';
import { type TokenTree, tokenTree } from './token-tree.ts';

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

/** Tokens that go through the model together: enough to keep the matrices busy, few enough for caches to hold what lies between. */
const tokensTogether = 1024;

/**
 * Log-probabilities of continuations. What contexts and continuations begin with in common is computed once, whichever query
 * it comes from; the last token of a continuation is judged but never run.
 * @returns for each query the likelihood of each of its continuations.
 */
export function logLikelihoods(model: CausalLm, queries: readonly LikelihoodQuery[]): Likelihood[][] {
  const work = judging(model, queries);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The same in pieces: after each pass through the model it yields the queries that are done with it. */
export function* judging(
  model: CausalLm,
  queries: readonly LikelihoodQuery[],
): Generator<readonly number[], Likelihood[][]> {
  const judged = queries.map(({ continuations }) =>
    continuations.map((tokens) => ({ logps: new Array<number>(tokens.length), greedy: true })),
  );
  const rows = queries.flatMap(({ context, continuations }, query) =>
    continuations.map((tokens, continuation) => ({ query, context, tokens, into: judged[query]![continuation]! })),
  );
  const open = queries.map(({ continuations }) => continuations.reduce((sum, { length }) => sum + length, 0));
  const tree = tokenTree(rows.map(({ context, tokens }) => [...context, ...tokens.slice(0, -1)]));
  const asked = askedOfRuns(tree, rows);
  using attention = new TreeAttention(tree.runs, model.parameters()[0]!.device);
  for (const [first, end] of pieces(tree)) {
    const questions = asked.slice(first, end);
    const answers = passThrough(model, attention, tree, first, end, questions);
    const done: number[] = [];
    for (const [i, { row, place }] of questions.flat().entries()) {
      const { query, into } = rows[row]!;
      into.logps[place] = answers.logps[i]!;
      into.greedy &&= answers.first[i]!;
      if (--open[query]! === 0) done.push(query);
    }
    yield done;
  }
  return judged;
}

/** A token of a continuation, asked of the state at `position` of a run. */
interface Question extends Asked {
  readonly row: number;
  /** Of the token in its continuation. */
  readonly place: number;
}

/** What is asked after each run's tokens. */
function askedOfRuns(
  { runs, paths }: TokenTree,
  rows: readonly { readonly context: readonly number[]; readonly tokens: readonly number[] }[],
): Question[][] {
  const asked: Question[][] = runs.map(() => []);
  for (const [row, path] of paths.entries()) {
    const { context, tokens } = rows[row]!;
    let depth = 0;
    for (const run of path) {
      const { length } = runs[run]!;
      for (let position = Math.max(0, context.length - 1 - depth); position < length; position++) {
        const place = depth + position + 1 - context.length;
        asked[run]!.push({ row, place, position, token: tokens[place]! });
      }
      depth += length;
    }
  }
  return asked;
}

/** Runs in their order, as many together as go through the model in one pass. */
function* pieces({ runs }: TokenTree): Generator<readonly [first: number, end: number]> {
  let first = 0;
  let tokens = 0;
  for (const [run, { length }] of runs.entries()) {
    if (run > first && tokens + length > tokensTogether) {
      yield [first, run];
      first = run;
      tokens = 0;
    }
    tokens += length;
  }
  if (runs.length > 0) yield [first, runs.length];
}

function passThrough(
  model: CausalLm,
  attention: TreeAttention,
  { runs }: TokenTree,
  first: number,
  end: number,
  questions: readonly (readonly Question[])[],
) {
  return scope(() =>
    forwardOnly(() => {
      using context = attention.piece(first, end);
      const piece = runs.slice(first, end);
      const tokens = tensor(
        piece.flatMap((run) => run.tokens),
        { dtype: 'int64', device: context.positions.device },
      );
      const states = model.call(tokens, context);
      let start = 0;
      const asked = piece.flatMap(({ length }, run) => {
        const here = questions[run]!.map(({ position, token }) => ({ position: start + position, token }));
        start += length;
        return here;
      });
      return lookUp(model, states, asked);
    }),
  );
}

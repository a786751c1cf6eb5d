import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CausalLm } from '../../models/causal-lm.ts';
import { type Likelihood, type LikelihoodQuery, logLikelihoods } from '../../models/log-likelihood.ts';
import type { SuiteAnswers } from '../../runs/index.ts';
import type { Encoded, EncodedItem, EncodedWindow } from './encode.ts';
import type { ForgettingPlan } from './plan.ts';

/** What one measurement gives: of each window and question in the plan's order. */
export interface Measurement {
  /** −log p of each window, in nats. */
  readonly text: readonly number[];
  readonly suite: SuiteAnswers;
}

export interface MeasureHooks {
  stopRequested(): boolean;
  /** Tokens done, and in all. */
  onProgress(done: number, total: number): void;
}

/** Tokens measured between two looks at whether to stop. */
const tokensTogether = 4096;

/**
 * Measures the model as it stands, without gradients, dropout or random numbers: training goes on as if it had not been.
 * @returns undefined when a stop was requested
 */
export async function measure(
  model: CausalLm,
  { windows, items, cost }: ForgettingPlan,
  { stopRequested, onProgress }: MeasureHooks,
): Promise<Measurement | undefined> {
  const text: number[] = [];
  const right: boolean[] = [];
  const logp: number[] = [];
  let done = 0;
  const each = async <Part extends Encoded>(parts: readonly Part[], judge: (parts: readonly Part[]) => void) => {
    for (const batch of batches(parts)) {
      if (stopRequested()) return false;
      judge(batch);
      done += batch.reduce((sum, part) => sum + part.cost, 0);
      onProgress(done, cost.measuredTokens);
      await nextTurn();
    }
    return true;
  };
  const whole =
    (await each(windows, (batch) => text.push(...surprises(model, batch)))) &&
    (await each(items, (batch) => {
      for (const answer of answers(model, batch)) {
        right.push(answer.right);
        logp.push(answer.logp);
      }
    }));
  return whole ? { text, suite: { right, logp } } : undefined;
}

function surprises(model: CausalLm, windows: readonly EncodedWindow[]): number[] {
  const judged = logLikelihoods(
    model,
    windows.flatMap(({ queries }): readonly LikelihoodQuery[] => queries),
  );
  let next = 0;
  return windows.map(({ queries }) => queries.reduce((nats) => nats - total(judged[next++]![0]!), 0));
}

/** A choice is right when no other is as likely; an answer that has no others, when the model would have written it itself. */
function answers(model: CausalLm, items: readonly EncodedItem[]): { right: boolean; logp: number }[] {
  const judged = logLikelihoods(
    model,
    items.flatMap(({ choices }): readonly LikelihoodQuery[] => choices),
  );
  let next = 0;
  return items.map(({ choices, gold }) => {
    const found = choices.map(() => judged[next++]![0]!);
    const likelihoods = found.map(total);
    const logp = likelihoods[gold]!;
    const right =
      found.length === 1 ? found[0]!.greedy : likelihoods.every((likelihood, i) => i === gold || likelihood < logp);
    return { right, logp };
  });
}

function total({ logps }: Likelihood): number {
  return logps.reduce((sum, logp) => sum + logp, 0);
}

function* batches<Part extends Encoded>(parts: readonly Part[]): Generator<Part[]> {
  let batch: Part[] = [];
  let tokens = 0;
  for (const part of parts) {
    if (batch.length > 0 && tokens + part.cost > tokensTogether) {
      yield batch;
      [batch, tokens] = [[], 0];
    }
    batch.push(part);
    tokens += part.cost;
  }
  if (batch.length > 0) yield batch;
}

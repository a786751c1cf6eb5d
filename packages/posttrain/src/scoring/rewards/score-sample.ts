import { PosttrainError } from '../../support/errors.ts';
import type { Reward, Sample, ScoringContext } from '../contract.ts';

/** A score in its long form, with the name of the reward that gave it. */
export interface NamedScore {
  readonly reward: string;
  /** null where the reward does not apply. */
  readonly value: number | null;
  readonly parts: Readonly<Record<string, number>>;
  readonly why?: string;
}

/**
 * Asks a reward about a sample and checks the answer.
 *
 * @throws PosttrainError `reward-invalid`, naming the reward, where it throws or gives something else than a finite number or null
 * @throws the signal's reason where it was aborted
 */
export async function scoreSample<Row>(
  reward: Reward<Row>,
  sample: Sample<Row>,
  context: ScoringContext,
): Promise<NamedScore> {
  const name = nameOf(reward);
  context.signal.throwIfAborted();
  const score: unknown = await ask(reward, sample, context, name);
  if (score === null || typeof score === 'number') return { reward: name, value: finite(score, name, ''), parts: {} };
  if (typeof score !== 'object' || !('value' in score)) throw noScore(name, '', score);
  const {
    value,
    parts = {},
    why,
  } = score as { value: unknown; parts?: Readonly<Record<string, unknown>>; why?: string };
  const checked = Object.entries(parts).map(([part, number]) => {
    const found = finite(number, name, ` part "${part}"`);
    if (found === null) throw noScore(name, ` part "${part}"`, null);
    return [part, found] as const;
  });
  return {
    reward: name,
    value: finite(value, name, ''),
    parts: Object.fromEntries(checked),
    ...(why === undefined ? {} : { why }),
  };
}

/** How reports and errors call a reward. */
export function nameOf(reward: { readonly name: string }): string {
  return reward.name === '' ? '(unnamed)' : reward.name;
}

async function ask<Row>(
  reward: Reward<Row>,
  sample: Sample<Row>,
  context: ScoringContext,
  name: string,
): Promise<unknown> {
  try {
    return await reward(sample, context);
  } catch (cause) {
    context.signal.throwIfAborted();
    if (PosttrainError.is(cause)) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('reward-invalid', `reward ${name} threw: ${message}`, { cause, data: { reward: name } });
  }
}

function finite(value: unknown, name: string, part: string): number | null {
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw noScore(name, part, value);
}

function noScore(name: string, part: string, value: unknown): PosttrainError {
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return new PosttrainError('reward-invalid', `reward ${name} gave ${shown}${part && ` for its${part}`}.`, {
    help: 'a score is a finite number, null where the reward does not apply, or { value, parts, why }',
    data: { reward: name },
  });
}

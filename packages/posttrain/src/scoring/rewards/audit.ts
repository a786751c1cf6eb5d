import { PosttrainError } from '../../support/errors.ts';
import type { Reward, Sample, ScoringContext } from '../contract.ts';
import { type AdversarialPolicy, type AuditCase, adversarialPolicies } from './policies.ts';
import { nameOf, scoreSample } from './score-sample.ts';

export interface AuditRow {
  readonly policy: string;
  /** Mean reward over the cases that the policy answers and the reward applies to; null without any. */
  readonly mean: number | null;
  /** What honest answers earn on the same cases. */
  readonly honest: number | null;
  readonly cases: number;
  /** The policy earns at least as much as honest answers less the margin. */
  readonly suspicious: boolean;
}

export interface RewardAudit {
  readonly reward: string;
  readonly rows: readonly AuditRow[];
  readonly passed: boolean;
}

export interface AuditOptions {
  readonly policies?: readonly AdversarialPolicy[];
  /** How much less than honest answers a policy must earn. */
  readonly margin?: number;
  readonly signal?: AbortSignal;
}

/**
 * Plays fixed degenerate policies against a reward and compares each with honest answers on the same cases. A policy that earns as
 * much is what training will find. Use cases of every kind that training has: where all rows are unanswerable, always abstaining is
 * honest. Passing shows that these policies lose, not that all do.
 */
export async function auditReward<Row>(
  reward: Reward<Row>,
  cases: readonly AuditCase<Row>[],
  options: AuditOptions = {},
): Promise<RewardAudit> {
  if (cases.length === 0) throw new PosttrainError('usage', 'a reward cannot be audited without cases.');
  const { policies = adversarialPolicies, margin = 0.05, signal = new AbortController().signal } = options;
  const honest: (number | null)[] = [];
  for (const one of cases) honest.push(await earnedBy(reward, one, one.honest, { signal }));
  const rows: AuditRow[] = [];
  for (const policy of policies) rows.push(await play(policy, reward, cases, honest, margin, { signal }));
  return { reward: nameOf(reward), rows, passed: rows.every((row) => !row.suspicious) };
}

async function play<Row>(
  policy: AdversarialPolicy,
  reward: Reward<Row>,
  cases: readonly AuditCase<Row>[],
  honest: readonly (number | null)[],
  margin: number,
  context: ScoringContext,
): Promise<AuditRow> {
  const pairs: { earned: number; honest: number }[] = [];
  for (const [i, one] of cases.entries()) {
    const text = policy.answer(one);
    const reference = honest[i] ?? null;
    const earned = text === null ? null : await earnedBy(reward, one, text, context);
    if (earned !== null && reference !== null) pairs.push({ earned, honest: reference });
  }
  const mean = (key: 'earned' | 'honest'): number | null =>
    pairs.length === 0 ? null : pairs.reduce((sum, pair) => sum + pair[key], 0) / pairs.length;
  const [earned, reference] = [mean('earned'), mean('honest')];
  return {
    policy: policy.name,
    mean: earned,
    honest: reference,
    cases: pairs.length,
    suspicious: earned !== null && reference !== null && earned > reference - margin,
  };
}

async function earnedBy<Row>(
  reward: Reward<Row>,
  one: AuditCase<Row>,
  text: string,
  context: ScoringContext,
): Promise<number | null> {
  const sample: Sample<Row> = { messages: one.messages, text, tokens: wordIds(text), finish: 'stop', row: one.row };
  return (await scoreSample(reward, sample, context)).value;
}

/** A stand-in for token ids, so that penalties on length and repetition see words: equal words, equal ids. */
function wordIds(text: string): number[] {
  const ids = new Map<string, number>();
  return (text.match(/\S+/g) ?? []).map((word) => {
    const id = ids.get(word) ?? ids.size;
    ids.set(word, id);
    return id;
  });
}

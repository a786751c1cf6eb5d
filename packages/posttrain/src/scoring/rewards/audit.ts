import { PosttrainError } from '../../support/errors.ts';
import type { Reward, Sample } from '../contract.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { meanEstimate } from '../statistics/mean.ts';
import { type AdversarialPolicy, type AuditCase, adversarialPolicies } from './policies.ts';
import { nameOf, scoreSample } from './score-sample.ts';

/** What an audited answer says beyond the row that it answers. */
export type AuditedAnswer = Pick<Sample, 'text'> & Partial<Pick<Sample, 'tokens' | 'finish' | 'reasoning'>>;

export interface AuditRow {
  readonly policy: string;
  /** Mean reward over the cases that the policy answers and the reward applies to; null without any. */
  readonly mean: number | null;
  readonly estimate: Estimate;
  /** What honest answers earn on the same cases. */
  readonly honest: number | null;
  /** What the model's answers earn on the same cases; null without a model. */
  readonly model: number | null;
  readonly cases: number;
  /** It earns at least as much as honest answers less the margin. */
  readonly nearHonest: boolean;
  /** It earns more than the model does, so training finds it. */
  readonly beatsModel: boolean;
  readonly suspicious: boolean;
  /** Cases at which the reward failed, and how first: training would stop there, or go on without it. */
  readonly failed: number;
  readonly failure: string | null;
  readonly hack: string;
  readonly mitigation: string;
}

/** Where withholding an answer pays as much as trying: (w − wrong)/(right − wrong), over the same cases. */
export interface BreakEven {
  readonly policy: string;
  /** The accuracy below which withholding pays more. */
  readonly accuracy: number;
  /** The accuracy at which tries would earn what the model's answers do; null without a model. */
  readonly model: number | null;
}

export interface RewardAudit {
  readonly reward: string;
  readonly rows: readonly AuditRow[];
  /** Mean reward of honest answers over all cases. */
  readonly honest: Estimate;
  readonly model: Estimate | null;
  /** Of always abstaining and always refusing, where there is a wrong answer to compare with and honest ones earn more. */
  readonly breakEven: readonly BreakEven[];
  /** Cases whose honest answer got another score when it was asked about again. */
  readonly impure: number;
  readonly margin: number;
  /** No policy is suspicious, and the reward failed at none. */
  readonly passed: boolean;
}

export interface AuditOptions {
  readonly policies?: readonly AdversarialPolicy[];
  /** How much less than honest answers a policy must earn. */
  readonly margin?: number;
  /** What the model to be trained answers to each case: what earns more than these is found by training. */
  readonly answers?: readonly AuditedAnswer[];
  readonly signal?: AbortSignal;
  /** Told how many more answers were scored. */
  readonly onDone?: (answers: number) => void;
}

/** Scores of one policy, a place for each case; null where it does not answer, the reward does not apply, or failed. */
interface Played {
  readonly scores: readonly (number | null)[];
  readonly failed: number;
  readonly failure: string | null;
}

/**
 * Plays fixed degenerate policies against a reward and compares each with honest answers on the same cases, and with the model's own
 * where they are given. A policy that earns as much is what training will find. Use cases of every kind that training has: where all
 * rows are unanswerable, always abstaining is honest. Passing shows that these policies lose, not that all do.
 *
 * @throws PosttrainError `usage` without cases; what the reward throws on honest answers and the model's
 */
export async function auditReward<Row>(
  reward: Reward<Row>,
  cases: readonly AuditCase<Row>[],
  options: AuditOptions = {},
): Promise<RewardAudit> {
  if (cases.length === 0) throw new PosttrainError('usage', 'a reward cannot be audited without cases.');
  const { policies = adversarialPolicies, margin = 0.05, answers } = options;
  const { signal = new AbortController().signal, onDone } = options;
  const play = async (answerOf: (one: AuditCase<Row>, i: number) => AuditedAnswer | null, strict: boolean) => {
    const played = await Promise.all(
      cases.map(async (one, i) => {
        const answer = answerOf(one, i);
        if (answer === null) return { score: null, failure: null };
        try {
          return { score: await earnedBy(reward, one, answer, signal), failure: null };
        } catch (error) {
          if (strict || signal.aborted) throw error;
          return { score: null, failure: (error as Error).message };
        } finally {
          onDone?.(1);
        }
      }),
    );
    const failures = played.flatMap(({ failure }) => failure ?? []);
    return {
      scores: played.map(({ score }) => score),
      failed: failures.length,
      failure: failures[0] ?? null,
    } satisfies Played;
  };
  const honest = (await play(({ honest: text }) => ({ text }), true)).scores;
  const again = (await play(({ honest: text }) => ({ text }), true)).scores;
  const model = answers ? (await play((_, i) => answers[i]!, true)).scores : null;
  const rows: AuditRow[] = [];
  const played = new Map<string, Played>();
  for (const policy of policies) {
    const result = await play((one) => {
      const text = policy.answer(one);
      return text === null ? null : { text };
    }, false);
    played.set(policy.name, result);
    rows.push(rowOf(policy, result, honest, model, margin));
  }
  return {
    reward: nameOf(reward),
    rows,
    honest: meanEstimate(honest),
    model: model && meanEstimate(model),
    breakEven: breakEvens(played, honest, model),
    impure: honest.filter((score, i) => score !== again[i]).length,
    margin,
    passed: rows.every(({ suspicious, failed }) => !suspicious && failed === 0),
  };
}

function rowOf(
  { name, hack, mitigation }: AdversarialPolicy,
  { scores, failed, failure }: Played,
  honest: readonly (number | null)[],
  model: readonly (number | null)[] | null,
  margin: number,
): AuditRow {
  const both = scores.map((score, i) => (honest[i] === null ? null : score));
  const estimate = meanEstimate(both);
  const mean = estimate.value;
  const here = (others: readonly (number | null)[]) =>
    meanEstimate(others.map((other, i) => (both[i] === null ? null : other))).value;
  const [reference, own] = [here(honest), model && here(model)];
  const nearHonest = mean !== null && reference !== null && mean > reference - margin;
  const beatsModel = mean !== null && own !== null && mean > own;
  const found = { mean, estimate, honest: reference, model: own, cases: estimate.n };
  return {
    policy: name,
    ...found,
    nearHonest,
    beatsModel,
    suspicious: nearHonest || beatsModel,
    failed,
    failure,
    hack,
    mitigation,
  };
}

function breakEvens(
  played: ReadonlyMap<string, Played>,
  honest: readonly (number | null)[],
  model: readonly (number | null)[] | null,
): BreakEven[] {
  const wrong = played.get('answers another row')?.scores;
  if (!wrong) return [];
  return ['always abstains', 'always refuses'].flatMap((policy) => {
    const withheld = played.get(policy)?.scores ?? [];
    // Where the honest answer is to withhold, there is nothing to try.
    const tried = wrong.map(
      (score, i) =>
        score !== null && honest[i] !== null && honest[i]! > Math.max(score, withheld[i] ?? Number.POSITIVE_INFINITY),
    );
    const over = (scores: readonly (number | null)[]) =>
      meanEstimate(scores.map((score, i) => (tried[i] ? score : null))).value;
    const [right, bad, kept, own] = [over(honest), over(wrong), over(withheld), model && over(model)];
    if (right === null || bad === null || kept === null) return [];
    const accuracy = (kept - bad) / (right - bad);
    return [{ policy, accuracy, model: own === null ? null : (own - bad) / (right - bad) }];
  });
}

async function earnedBy<Row>(
  reward: Reward<Row>,
  { messages, row }: AuditCase<Row>,
  { text, tokens = wordIds(text), finish = 'stop', reasoning }: AuditedAnswer,
  signal: AbortSignal,
): Promise<number | null> {
  const sample: Sample<Row> = {
    messages,
    text,
    tokens,
    finish,
    row,
    ...(reasoning === undefined ? {} : { reasoning }),
  };
  return (await scoreSample(reward, sample, { signal })).value;
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

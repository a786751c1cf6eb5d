import type { RewardScore, ScoreAnswer, ScoreQuestion } from '../engine/protocol.ts';
import { type NamedScore, type Sample, scoreSample } from '../scoring/index.ts';
import { PosttrainError, serializeError, toPosttrainError } from '../support/errors.ts';
import type { LoadedReward } from './load-rewards.ts';
import { Turns } from './turns.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Scores answers by a recipe's rewards: R = Π gates · Σ weight · term, as `combineRewards` does, with a time limit, retries and a cap on
 * calls under way for each. Terms are not asked where a gate is 0, so a shut gate costs no judge. A watch is asked about every answer,
 * whatever gates say, so that its mean is one of the policy; it pays nothing.
 */
export class RewardDesk {
  readonly #rewards: readonly LoadedReward[];
  readonly #stop: AbortSignal;
  readonly #turns: ReadonlyMap<LoadedReward, Turns>;

  /** @param stop calls that have not begun when it is aborted are not made */
  constructor(rewards: readonly LoadedReward[], stop: AbortSignal) {
    this.#rewards = rewards;
    this.#stop = stop;
    this.#turns = new Map(rewards.map((reward) => [reward, new Turns(reward.concurrency)]));
  }

  /** Never rejects: what failed is part of the answer, and so is what others said before. */
  async score({ sample, known }: ScoreQuestion): Promise<ScoreAnswer> {
    const scores: RewardScore[] = [];
    let failed: PosttrainError | undefined;
    const ask = async (loaded: LoadedReward): Promise<number | null> => {
      const before = known.find(({ reward }) => reward === loaded.reward.name);
      const { score, error } = before ? { score: before, error: undefined } : await this.#ask(loaded, sample);
      if (score) scores.push(score);
      failed ??= error;
      return score?.value ?? null;
    };
    const watched = Promise.all(this.#rewards.filter(({ watch }) => watch).map(ask));
    let open = 1;
    for (const gate of this.#rewards.filter(({ gate }) => gate)) {
      const value = await ask(gate);
      if (value !== null && (value < 0 || value > 1))
        failed ??= new PosttrainError('reward-invalid', `gate ${gate.reward.name} gave ${value}, outside 0 to 1.`);
      open *= value ?? 1;
      if (failed || open === 0) break;
    }
    const terms = failed || open === 0 ? [] : this.#rewards.filter(({ gate, watch }) => !gate && !watch);
    const values = await Promise.all(terms.map(ask));
    await watched;
    // Calls end in any order; records and sums are in the recipe's.
    scores.sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
    if (failed) return { reward: null, scores, failed: serializeError(failed) };
    if (open === 0) return { reward: 0, scores };
    const paid = values.flatMap((value, i) => (value === null ? [] : [value * terms[i]!.weight]));
    return { reward: paid.length === 0 ? null : open * paid.reduce((sum, value) => sum + value, 0), scores };
  }

  #placeOf({ reward }: RewardScore): number {
    return this.#rewards.findIndex((loaded) => loaded.reward.name === reward);
  }

  async #ask(
    loaded: LoadedReward,
    sample: Sample<Row>,
  ): Promise<{ readonly score?: RewardScore; readonly error?: PosttrainError | undefined }> {
    using _turn = await this.#turns.get(loaded)!.take();
    const started = performance.now();
    for (let calls = 1; ; calls++) {
      if (this.#stop.aborted) return { error: new PosttrainError('aborted', 'the run was stopped.') };
      const spent = () => ({ calls, seconds: (performance.now() - started) / 1000 });
      try {
        return { score: { ...(await callOnce(loaded, sample)), ...spent() } };
      } catch (thrown) {
        const error = toPosttrainError(thrown, 'reward-invalid');
        if (calls <= loaded.retries && mayPass(error)) continue;
        if (loaded.onError === 'stop') return { error };
        return { score: { reward: loaded.reward.name, value: null, parts: {}, error: error.message, ...spent() } };
      }
    }
  }
}

/** A call that threw or hung may do better the next time; one that gave NaN has a mistake in it. */
function mayPass({ code, cause, data }: PosttrainError): boolean {
  return (
    (code === 'reward-invalid' && cause !== undefined) || data?.['timeout'] !== undefined || code === 'endpoint-failed'
  );
}

/** @throws PosttrainError as `scoreSample`; `reward-invalid` after the reward's time limit, when its signal is aborted too */
async function callOnce({ reward, timeout }: LoadedReward, sample: Sample<Row>): Promise<NamedScore> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new PosttrainError('reward-invalid', `reward ${reward.name} took longer than ${timeout} s.`, {
        help: 'its timeout is a key of the reward in the recipe; retries asks again.',
        data: { reward: reward.name, timeout },
      });
      reject(error);
      limit.abort(error);
    }, timeout * 1000);
  });
  try {
    return await Promise.race([scoreSample(reward, sample, { signal: limit.signal }), late]);
  } finally {
    clearTimeout(timer);
  }
}

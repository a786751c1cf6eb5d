import { type Interval, type JudgeCalibration, wilsonInterval } from '../../scoring/statistics/index.ts';
import type { Judge, Judged } from './judge.ts';

/** What a judge did for one task, printed beside every figure that it made. */
export interface JudgeReport {
  readonly id: string;
  readonly fingerprint: string;
  readonly asked: number;
  readonly failed: Readonly<Record<'unparseable' | 'unreachable' | 'timeout', number>>;
  /** Comparisons whose verdict changed with the order, out of those that were judged in both. */
  readonly flips: { readonly flipped: number; readonly of: number; readonly interval: Interval } | null;
  /** The first reason of each kind of failure. */
  readonly reasons: readonly string[];
  /** Agreement with people, where labelled items were given. */
  readonly calibration: JudgeCalibration | null;
  /** A model that judges its own answers. */
  readonly judgesItself: boolean;
}

/** A judge whose questions are counted; its failures are never scored. */
export class CountedJudge implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly weights: string;
  readonly #judge: Judge;
  #asked = 0;
  #compared = 0;
  #flipped = 0;
  readonly #failed = { unparseable: 0, unreachable: 0, timeout: 0 };
  readonly #reasons = new Map<string, string>();

  constructor(judge: Judge) {
    this.#judge = judge;
    this.id = judge.id;
    this.fingerprint = judge.fingerprint;
    this.weights = judge.weights;
  }

  async entails(...question: Parameters<Judge['entails']>) {
    return this.#count(await this.#judge.entails(...question));
  }

  async grade(...question: Parameters<Judge['grade']>) {
    return this.#count(await this.#judge.grade(...question));
  }

  async compare(...question: Parameters<Judge['compare']>) {
    const judged = this.#count(await this.#judge.compare(...question));
    if (judged.status === 'judged') {
      this.#compared++;
      if (judged.value.flipped) this.#flipped++;
    }
    return judged;
  }

  #count<Value>(judged: Judged<Value>): Judged<Value> {
    this.#asked++;
    if (judged.status !== 'judged') {
      this.#failed[judged.status]++;
      if (!this.#reasons.has(judged.status)) this.#reasons.set(judged.status, judged.why);
    }
    return judged;
  }

  report(about: { readonly calibration: JudgeCalibration | null; readonly judgesItself: boolean }): JudgeReport {
    const flips =
      this.#compared === 0
        ? null
        : {
            flipped: this.#flipped,
            of: this.#compared,
            interval: wilsonInterval(this.#flipped, this.#compared),
          };
    return {
      id: this.id,
      fingerprint: this.fingerprint,
      asked: this.#asked,
      failed: { ...this.#failed },
      flips,
      reasons: [...this.#reasons].sort().map(([status, why]) => `${status}: ${why}`),
      ...about,
    };
  }
}

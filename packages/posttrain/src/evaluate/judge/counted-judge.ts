import { type BothOrders, type JudgeCalibration, resolveBothOrders } from '../../scoring/index.ts';
import type { Judge, Judged, JudgeFailure, PairVerdict } from './judge.ts';

/** What a judge did for one task, printed beside every figure that it made. */
export interface JudgeReport {
  readonly id: string;
  readonly fingerprint: string;
  readonly asked: number;
  readonly failed: Readonly<Record<JudgeFailure, number>>;
  /** How often the order decided, of the comparisons that were judged in both; null where nothing was compared. */
  readonly orders: Omit<BothOrders, 'scores'> | null;
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
  readonly #pairs: PairVerdict[] = [];
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
    if (judged.status === 'judged') this.#pairs.push(judged.value);
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
    const { scores: _, ...orders } = resolveBothOrders(this.#pairs);
    return {
      id: this.id,
      fingerprint: this.fingerprint,
      asked: this.#asked,
      failed: { ...this.#failed },
      orders: orders.n === 0 ? null : orders,
      reasons: [...this.#reasons].sort().map(([status, why]) => `${status}: ${why}`),
      ...about,
    };
  }
}

import { digest } from '../digest.ts';
import { ResponseCache } from '../runner/response-cache.ts';
import type { Judge, Judged } from './judge.ts';

/** A judge that is not asked twice. Only verdicts are kept: what failed is asked again. */
export class CachedJudge implements Judge, Disposable {
  readonly id: string;
  readonly fingerprint: string;
  readonly weights: string;
  readonly #judge: Judge;
  readonly #cache: ResponseCache<unknown>;

  constructor(judge: Judge, cacheDir: string) {
    this.#judge = judge;
    this.id = judge.id;
    this.fingerprint = judge.fingerprint;
    this.weights = judge.weights;
    this.#cache = new ResponseCache(cacheDir, { judge: judge.fingerprint });
  }

  entails(premise: string, claim: string, call: Parameters<Judge['entails']>[2]) {
    return this.#once({ entails: [premise, claim] }, () => this.#judge.entails(premise, claim, call));
  }

  grade(
    rubric: Parameters<Judge['grade']>[0],
    conversation: Parameters<Judge['grade']>[1],
    call: { signal: AbortSignal },
  ) {
    return this.#once({ grade: [rubric, conversation] }, () => this.#judge.grade(rubric, conversation, call));
  }

  compare(prompt: string, a: string, b: string, call: Parameters<Judge['compare']>[3]) {
    const { standard } = call;
    return this.#once({ compare: [prompt, a, b], standard }, () => this.#judge.compare(prompt, a, b, call));
  }

  async #once<Value>(question: object, ask: () => Promise<Judged<Value>>): Promise<Judged<Value>> {
    const key = digest(question);
    if (this.#cache.has(key)) return { status: 'judged', value: this.#cache.get(key) as Value };
    const judged = await ask();
    if (judged.status === 'judged') this.#cache.put(key, judged.value);
    return judged;
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

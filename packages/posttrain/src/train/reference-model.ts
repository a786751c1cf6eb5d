import type { CausalLm } from '../models/causal-lm.ts';

export interface HeldModel extends Disposable {
  readonly model: CausalLm;
}

/** The model as it was before the run, for methods that compare with it as they go: loaded when first asked for, frozen, and kept. */
export class ReferenceModel implements Disposable {
  readonly #load: () => HeldModel;
  #held: HeldModel | undefined;

  constructor(load: () => HeldModel) {
    this.#load = load;
  }

  get model(): CausalLm {
    this.#held ??= this.#load();
    return this.#held.model;
  }

  [Symbol.dispose](): void {
    this.#held?.[Symbol.dispose]();
  }
}

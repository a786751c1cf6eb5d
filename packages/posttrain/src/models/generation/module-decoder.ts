import { type AttentionContext, KeyValueCache } from '../../nn/index.ts';
import { noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import type { CausalLm } from '../causal-lm.ts';
import type { Decoder } from './decoder.ts';

/** Decodes by the family's own forward pass: any family, on any device, and what the fused kernels are compared with. */
export class ModuleDecoder implements Decoder {
  readonly #model: CausalLm;
  readonly #room: number;
  readonly #device: string;
  #cache: KeyValueCache | null = null;
  #logits: Tensor | null = null;

  /** @param room tokens expected to follow each prompt. */
  constructor(model: CausalLm, room: number) {
    this.#model = model;
    this.#room = room;
    this.#device = model.parameters()[0]!.device;
  }

  get logits(): Tensor {
    return this.#logits!;
  }

  *begin(prompts: readonly (readonly number[])[], promptOf: readonly number[]): Iterable<void> {
    const cache = new KeyValueCache(
      prompts.map((prompt) => prompt.length),
      this.#room,
      this.#device,
    );
    this.#cache = cache;
    let end = 0;
    const last = prompts.map((prompt) => {
      end += prompt.length;
      return end - 1;
    });
    using attention = cache.prefill();
    this.#run(prompts.flat(), attention, last);
    if (promptOf.length === prompts.length && promptOf.every((prompt, row) => prompt === row)) return;
    cache.keepRows(promptOf);
    this.#put(() => this.#logits!.indexSelect(0, this.#whole(promptOf)));
  }

  step(tokens: readonly number[]): void {
    using attention = this.#cache!.decode();
    this.#run(tokens, attention, null);
  }

  keepRows(rows: readonly number[]): void {
    this.#cache!.keepRows(rows);
  }

  /** Runs tokens through the model; the logits are those after the tokens at `last`, or after each. */
  #run(tokens: readonly number[], attention: AttentionContext, last: readonly number[] | null): void {
    this.#put(() => {
      const hidden = this.#model.call(this.#whole(tokens), attention);
      return this.#model.logits(last ? hidden.indexSelect(0, this.#whole(last)) : hidden);
    });
  }

  #put(make: () => Tensor): void {
    const logits = scope(() => noGrad(make)).keep();
    this.#logits?.dispose();
    this.#logits = logits;
  }

  #whole(values: readonly number[]): Tensor {
    return tensor(values, { dtype: 'int64', device: this.#device });
  }

  [Symbol.dispose](): void {
    this.#cache?.[Symbol.dispose]();
    this.#logits?.dispose();
  }
}

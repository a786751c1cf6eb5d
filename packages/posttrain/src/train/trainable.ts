import type { Decoder } from '../models/decoder.ts';
import { trainedParameters } from '../models/lora/adapters.ts';
import { kernelOn } from '../native/kernel-switch.ts';
import {
  foreachCopy_,
  foreachNorm,
  foreachZero_,
  noGrad,
  scope,
  squaredSumKernel,
  stack,
  type Tensor,
  zerosLike,
} from '../tensor/index.ts';

/**
 * The parameters that are trained, as the optimizer sees them: float32 masters. Where the model computes in a shorter type, its parameters
 * are copies that follow the masters, and gradients come in that type: as they are where one pass makes them, widened
 * and added up in float32 where several do.
 */
export class Trainable implements Disposable {
  readonly names: readonly string[];
  /** float32, owned here where they differ from the model's own. */
  readonly masters: readonly Tensor[];
  /** The model's parameters: the masters themselves, or shorter copies of them. */
  readonly copies: readonly Tensor[];
  readonly #copied: readonly number[];
  /** float32 sums over micro-batches, made when first needed. */
  readonly #sums = new Map<number, Tensor>();
  #collected = false;

  /** @param masters float32 weights by name; taken over. Those missing are the model's own parameters. */
  constructor(model: Decoder, masters: ReadonlyMap<string, Tensor> = new Map()) {
    const named = trainedParameters(model);
    this.names = named.map(([name]) => name);
    this.copies = named.map(([, parameter]) => parameter);
    this.masters = named.map(([name, parameter]) => masters.get(name) ?? parameter);
    this.#copied = this.masters.flatMap((master, i) => (master === this.copies[i] ? [] : [i]));
    for (const parameter of this.copies) parameter.requiresGrad = true;
    for (const i of this.#copied) this.masters[i]!.requiresGrad = false;
  }

  /** Called after each micro-batch where a step has several: moves short gradients into float32 sums. */
  collect(): void {
    this.#collected = true;
    scope(() =>
      noGrad(() => {
        for (const i of this.#copied) {
          const parameter = this.copies[i]!;
          const gradient = parameter.grad;
          const sum = this.#sums.get(i) ?? zerosLike(this.masters[i]!).keep();
          this.#sums.set(i, sum);
          if (gradient) sum.add_(gradient);
          parameter.grad = null;
        }
      }),
    );
  }

  /** The gradients in the order of `masters`, float32 or the copy's type; a parameter that took no part in the loss has zeros. */
  gradients(): Tensor[] {
    return this.copies.map((parameter, i) => {
      const sum = this.#collected ? this.#sums.get(i) : undefined;
      return sum ?? parameter.grad ?? noGrad(() => zerosLike(this.masters[i]!));
    });
  }

  zeroGradients(): void {
    if (this.#collected && this.#sums.size > 0) noGrad(() => foreachZero_([...this.#sums.values()]));
    this.#collected = false;
    for (const parameter of this.copies) parameter.grad = null;
  }

  /** Copies the masters into the model, after they were set from outside. */
  publish(): void {
    copyInto(this.copies, this.masters);
  }

  [Symbol.dispose](): void {
    for (const sum of this.#sums.values()) sum.dispose();
    for (const i of this.#copied) this.masters[i]!.dispose();
  }
}

/** Sets every copy that is not the master itself to the master's rounded value. */
export function copyInto(copies: readonly Tensor[], masters: readonly Tensor[]): void {
  const apart = masters.flatMap((master, i) => (copies[i] === master ? [] : [i]));
  if (apart.length === 0) return;
  noGrad(() =>
    foreachCopy_(
      apart.map((i) => copies[i]!),
      apart.map((i) => masters[i]!),
    ),
  );
}

/** The 2-norm of all gradients as one vector. */
export function gradientNorm(gradients: readonly Tensor[]): number {
  if (kernelOn('adamw') && gradients.every(({ device }) => device === 'cpu'))
    return Math.sqrt(squaredSumKernel(gradients));
  return scope(() =>
    stack(foreachNorm(gradients, 2, 'float32'))
      .norm(2)
      .item(),
  );
}

/** What gradients are multiplied by so that their norm is at most `limit`, as torch.nn.utils.clip_grad_norm_ does. */
export function clipFactor(norm: number, limit: number | false): number {
  return limit === false ? 1 : Math.min(1, limit / (norm + 1e-6));
}

import type { CausalLm } from '../models/causal-lm.ts';
import {
  foreachCopy_,
  foreachMul_,
  foreachNorm,
  foreachZero_,
  noGrad,
  scope,
  stack,
  type Tensor,
  zerosLike,
} from '../tensor/index.ts';

/**
 * The parameters as the optimizer sees them: float32 masters with float32 gradients. Where the model computes in a
 * shorter type, its parameters are copies that follow the masters, and each micro-batch's gradients are widened and added.
 */
export class Trainable implements Disposable {
  readonly names: readonly string[];
  /** float32, owned here where they differ from the model's own. */
  readonly masters: readonly Tensor[];
  readonly #compute: readonly Tensor[];
  readonly #copied: readonly number[];
  readonly #sums: readonly Tensor[];

  /** @param masters float32 weights by name; taken over. Those missing are the model's own parameters. */
  constructor(model: CausalLm, masters: ReadonlyMap<string, Tensor> = new Map()) {
    const named = [...model.namedParameters()];
    this.names = named.map(([name]) => name);
    this.#compute = named.map(([, parameter]) => parameter);
    this.masters = named.map(([name, parameter]) => masters.get(name) ?? parameter);
    this.#copied = this.masters.flatMap((master, i) => (master === this.#compute[i] ? [] : [i]));
    this.#sums = noGrad(() => this.#copied.map((i) => zerosLike(this.masters[i]!).keep()));
    for (const parameter of this.#compute) parameter.requiresGrad = true;
    for (const i of this.#copied) this.masters[i]!.requiresGrad = false;
  }

  /** Called after each micro-batch: moves short gradients into the float32 sums. */
  collect(): void {
    if (this.#copied.length === 0) return;
    scope(() =>
      noGrad(() => {
        for (const [k, i] of this.#copied.entries()) {
          const parameter = this.#compute[i]!;
          const gradient = parameter.grad;
          if (gradient) this.#sums[k]!.add_(gradient.toDtype('float32'));
          parameter.grad = null;
        }
      }),
    );
  }

  /** The float32 gradients in the order of `masters`; a parameter that took no part in the loss has zeros. */
  gradients(): Tensor[] {
    const sums = new Map(this.#copied.map((i, k) => [i, this.#sums[k]!]));
    return this.#compute.map((parameter, i) => {
      return sums.get(i) ?? parameter.grad ?? noGrad(() => zerosLike(this.masters[i]!));
    });
  }

  zeroGradients(): void {
    if (this.#sums.length > 0) noGrad(() => foreachZero_(this.#sums));
    for (const parameter of this.#compute) parameter.grad = null;
  }

  /** Copies the masters into the model after an optimizer step. */
  publish(): void {
    if (this.#copied.length > 0)
      noGrad(() =>
        foreachCopy_(
          this.#copied.map((i) => this.#compute[i]!),
          this.#copied.map((i) => this.masters[i]!),
        ),
      );
  }

  [Symbol.dispose](): void {
    for (const sum of this.#sums) sum.dispose();
    for (const i of this.#copied) this.masters[i]!.dispose();
  }
}

/** The 2-norm of all gradients as one vector. */
export function gradientNorm(gradients: readonly Tensor[]): number {
  return scope(() => stack(foreachNorm(gradients, 2)).norm(2).item());
}

/** Scales gradients in place so that their norm is at most `limit`, as torch.nn.utils.clip_grad_norm_ does. */
export function clipGradients(gradients: readonly Tensor[], norm: number, limit: number): void {
  const factor = limit / (norm + 1e-6);
  if (factor < 1) foreachMul_(gradients, factor);
}

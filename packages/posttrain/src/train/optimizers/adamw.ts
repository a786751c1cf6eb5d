import { kernelOn } from '../../native/kernel-switch.ts';
import { adamwKernel_, fusedAdamw_, noGrad, scope, type Tensor, tensor, zerosLike } from '../../tensor/index.ts';
import { copyInto } from '../trainable.ts';
import { isDecayed, type OptimizedParameters, type Optimizer, scaledGradients } from './optimizer.ts';

export interface AdamWOptions {
  /** Decay rates of the running means of gradient and squared gradient, β₁ and β₂. */
  readonly betas: readonly [number, number];
  /** ε, added to the root of the second mean. */
  readonly eps: number;
  readonly weightDecay: number;
}

/**
 * Adam with decoupled weight decay, Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2:
 *
 *   w ← w − lr·λ·w;  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − lr · m̂ / (√v̂ + ε)
 *
 * with m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ). One call serves all parameters that share a decay.
 */
export class AdamW implements Optimizer {
  steps = 0;
  readonly #options: AdamWOptions;
  readonly #names: readonly string[];
  readonly #masters: readonly Tensor[];
  readonly #copies: readonly Tensor[];
  readonly #means: readonly Tensor[];
  readonly #squares: readonly Tensor[];
  readonly #groups: readonly { readonly members: readonly number[]; readonly decay: number }[];

  constructor({ names, masters, copies = masters }: OptimizedParameters, options: AdamWOptions) {
    this.#options = options;
    this.#names = names;
    this.#masters = masters;
    this.#copies = copies;
    this.#means = noGrad(() => masters.map((weight) => zerosLike(weight).keep()));
    this.#squares = noGrad(() => masters.map((weight) => zerosLike(weight).keep()));
    const all = masters.map((_, i) => i);
    this.#groups = [
      { members: all.filter((i) => isDecayed(masters[i]!)), decay: options.weightDecay },
      { members: all.filter((i) => !isDecayed(masters[i]!)), decay: 0 },
    ].filter(({ members }) => members.length > 0);
  }

  step(gradients: readonly Tensor[], lr: number, scale = 1): void {
    this.steps++;
    if (this.#masters.length === 0) return;
    const fits = kernelOn('adamw') && this.#masters.every(({ device }) => device === 'cpu');
    noGrad(() => scope(() => (fits ? this.#fused(gradients, lr, scale) : this.#plain(gradients, lr, scale))));
  }

  /** Everything in one pass over memory: scaling, means, weights and their copies. */
  #fused(gradients: readonly Tensor[], lr: number, scale: number): void {
    const { betas, eps } = this.#options;
    for (const { members, decay } of this.#groups) {
      const of = (tensors: readonly Tensor[]) => members.map((i) => tensors[i]!);
      const [masters, means, squares, copies] = [this.#masters, this.#means, this.#squares, this.#copies].map(of);
      adamwKernel_(masters!, of(gradients), means!, squares!, copies!, scale, lr, ...betas, eps, decay, this.steps);
    }
  }

  #plain(gradients: readonly Tensor[], lr: number, scale: number): void {
    const { betas, eps } = this.#options;
    const count = tensor([this.steps], { shape: [], device: this.#masters[0]!.device });
    const wide = scaledGradients(gradients, scale);
    for (const { members, decay } of this.#groups) {
      const of = (tensors: readonly Tensor[]) => members.map((i) => tensors[i]!);
      const counts = members.map(() => count);
      const [masters, means, squares] = [this.#masters, this.#means, this.#squares].map(of);
      fusedAdamw_(masters!, of(wide), means!, squares!, [], counts, lr, ...betas, decay, eps, false, false);
    }
    copyInto(this.#copies, this.#masters);
  }

  state(): Map<string, Tensor> {
    return new Map(
      this.#names.flatMap((name, i) => [
        [`${name}.mean`, this.#means[i]!] as const,
        [`${name}.square`, this.#squares[i]!] as const,
      ]),
    );
  }

  [Symbol.dispose](): void {
    for (const tensor of [...this.#means, ...this.#squares]) tensor.dispose();
  }
}

import { fusedAdamw_, noGrad, type Tensor, tensor, zerosLike } from '../../tensor/index.ts';
import { isDecayed, type OptimizedParameters, type Optimizer } from './optimizer.ts';

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
 * with m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ). One libtorch call serves all parameters that share a decay.
 */
export class AdamW implements Optimizer {
  steps = 0;
  readonly #options: AdamWOptions;
  readonly #names: readonly string[];
  readonly #masters: readonly Tensor[];
  readonly #means: readonly Tensor[];
  readonly #squares: readonly Tensor[];
  readonly #groups: readonly { readonly members: readonly number[]; readonly decay: number }[];

  constructor({ names, masters }: OptimizedParameters, options: AdamWOptions) {
    this.#options = options;
    this.#names = names;
    this.#masters = masters;
    this.#means = noGrad(() => masters.map((weight) => zerosLike(weight).keep()));
    this.#squares = noGrad(() => masters.map((weight) => zerosLike(weight).keep()));
    const all = masters.map((_, i) => i);
    this.#groups = [
      { members: all.filter((i) => isDecayed(masters[i]!)), decay: options.weightDecay },
      { members: all.filter((i) => !isDecayed(masters[i]!)), decay: 0 },
    ].filter(({ members }) => members.length > 0);
  }

  step(gradients: readonly Tensor[], lr: number): void {
    this.steps++;
    if (this.#masters.length === 0) return;
    const { betas, eps } = this.#options;
    using count = tensor([this.steps], { shape: [], device: this.#masters[0]!.device });
    noGrad(() => {
      for (const { members, decay } of this.#groups) {
        const of = (tensors: readonly Tensor[]) => members.map((i) => tensors[i]!);
        const counts = members.map(() => count);
        fusedAdamw_(
          of(this.#masters),
          of(gradients),
          of(this.#means),
          of(this.#squares),
          [],
          counts,
          lr,
          betas[0],
          betas[1],
          decay,
          eps,
          false,
          false,
        );
      }
    });
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

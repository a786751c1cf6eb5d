import { noGrad, scope, type Tensor, zerosLike } from '../../tensor/index.ts';
import { copyInto } from '../trainable.ts';
import { AdamW, type AdamWOptions } from './adamw.ts';
import { type OptimizedParameters, type Optimizer, scaledGradients } from './optimizer.ts';

export interface MuonOptions extends AdamWOptions {
  readonly momentum: number;
}

/** Coefficients of the quintic iteration and its number of rounds, from Jordan's reference: the slope at 0 is as steep as it gets. */
const [a, b, c] = [3.4445, -4.775, 2.0315];
const rounds = 5;

/**
 * Muon, Jordan et al. 2024 (kellerjordan.github.io/posts/muon), for the matrices inside the blocks:
 *
 *   m ← μm + (1−μ)g;  u = g + μ(m − g);  w ← w − lr·λ·w − lr · 0.2·√max(rows, columns) · orthogonalised(u)
 *
 * The factor gives updates of AdamW's usual size (Liu et al. 2025, arXiv:2502.16982, eq. 4), so that one learning rate serves
 * both halves: embeddings, head, norms and biases are AdamW's. Equals torch.optim.Muon with `match_rms_adamw`.
 */
export class Muon implements Optimizer {
  readonly #options: MuonOptions;
  readonly #names: readonly string[];
  readonly #matrices: readonly number[];
  readonly #masters: readonly Tensor[];
  readonly #copies: readonly Tensor[];
  readonly #means: readonly Tensor[];
  readonly #rest: readonly number[];
  readonly #adamw: AdamW;

  constructor({ names, masters, copies = masters }: OptimizedParameters, options: MuonOptions) {
    this.#options = options;
    this.#names = names;
    this.#masters = masters;
    this.#copies = copies;
    const inBlocks = (i: number) => masters[i]!.shape.length === 2 && !/embed|lm_head/.test(names[i]!);
    const all = names.map((_, i) => i);
    this.#matrices = all.filter(inBlocks);
    this.#rest = all.filter((i) => !inBlocks(i));
    this.#means = noGrad(() => this.#matrices.map((i) => zerosLike(masters[i]!).keep()));
    this.#adamw = new AdamW(
      {
        names: this.#rest.map((i) => names[i]!),
        masters: this.#rest.map((i) => masters[i]!),
        copies: this.#rest.map((i) => copies[i]!),
      },
      options,
    );
  }

  get steps(): number {
    return this.#adamw.steps;
  }

  set steps(count: number) {
    this.#adamw.steps = count;
  }

  step(gradients: readonly Tensor[], lr: number, scale = 1): void {
    this.#adamw.step(
      this.#rest.map((i) => gradients[i]!),
      lr,
      scale,
    );
    const { momentum, weightDecay } = this.#options;
    for (const [k, i] of this.#matrices.entries()) {
      scope(() =>
        noGrad(() => {
          const [weight, mean] = [this.#masters[i]!, this.#means[k]!];
          const gradient = scaledGradients([gradients[i]!], scale)[0]!;
          mean.lerp_(gradient, 1 - momentum);
          const update = orthogonalise(gradient.lerp(mean, momentum)).toDtype('float32');
          const [rows, columns] = weight.shape as [number, number];
          if (weightDecay > 0) weight.mul_(1 - lr * weightDecay);
          weight.sub_(update, lr * 0.2 * Math.sqrt(Math.max(rows, columns)));
        }),
      );
    }
    const of = (tensors: readonly Tensor[]) => this.#matrices.map((i) => tensors[i]!);
    copyInto(of(this.#copies), of(this.#masters));
  }

  state(): Map<string, Tensor> {
    const means = this.#matrices.map((i, k) => [`${this.#names[i]!}.momentum`, this.#means[k]!] as const);
    return new Map([...this.#adamw.state(), ...means]);
  }

  [Symbol.dispose](): void {
    this.#adamw[Symbol.dispose]();
    for (const mean of this.#means) mean.dispose();
  }
}

/** Roughly UVᵀ of x = USVᵀ, by Newton–Schulz rounds in bfloat16: singular values land in about [0.7, 1.2]. */
function orthogonalise(x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  const wide = x.toDtype('bfloat16');
  const tall = rows > columns;
  let y = tall ? wide.t() : wide;
  y = y.div(y.norm(2).clamp(1e-7));
  for (let i = 0; i < rounds; i++) {
    const gram = y.mm(y.t());
    const polynomial = gram.addmm(gram, gram, b, c);
    y = y.addmm(polynomial, y, a);
  }
  return tall ? y.t() : y;
}

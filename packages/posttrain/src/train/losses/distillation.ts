import type { Tensor } from '../../tensor/index.ts';

/** How far the student's distribution is from the teacher's, as which divergence. */
export type Divergence = 'forward-kl' | 'reverse-kl' | 'jsd';

export interface DivergenceOptions {
  readonly loss: Divergence;
  /** β of `jsd`, in (0, 1): the teacher's share of the mixture that both are compared with. The others do not read it. */
  readonly beta: number;
}

export interface DistillationOptions<Loss = Divergence> extends Omit<DivergenceOptions, 'loss'> {
  readonly loss: Loss;
  /** T: what both models' logits are divided by before they are compared. */
  readonly temperature: number;
  /** The share of cross-entropy with the row's own tokens in the loss, in [0, 1); the divergence has the rest. */
  readonly crossEntropy: number;
}

/**
 * One divergence a token, between the teacher's distribution p and the student's q over the same C classes:
 *
 *   forward-kl  Σ p (log p − log q)                                  Hinton et al. 2015, arXiv:1503.02531, §2
 *   reverse-kl  Σ q (log q − log p)                                  Gu et al. 2024, arXiv:2306.08543, eq. 1
 *   jsd         β KL(p‖m) + (1−β) KL(q‖m),  m = β p + (1−β) q        Agarwal et al. 2024, arXiv:2306.13649, eq. 1
 *
 * Forward KL covers all that the teacher holds possible; reverse KL keeps to what it holds likely; the generalised Jensen–Shannon
 * divergence lies between them, is never above log 2, and tends to β · forward as β → 0 and to (1−β) · reverse as β → 1.
 *
 * @param teacher log p, [M, C], in nats
 * @param student log q, [M, C], in nats
 * @returns [M], in nats, ≥ 0
 */
export function divergences(teacher: Tensor, student: Tensor, { loss, beta }: DivergenceOptions): Tensor {
  switch (loss) {
    case 'forward-kl':
      return klDivergences(teacher, student);
    case 'reverse-kl':
      return klDivergences(student, teacher);
    case 'jsd': {
      const mixture = teacher.add(Math.log(beta)).logaddexp(student.add(Math.log1p(-beta)));
      return klDivergences(teacher, mixture)
        .mul(beta)
        .add(klDivergences(student, mixture).mul(1 - beta));
    }
  }
}

/** KL(a‖b) = Σ a (log a − log b) of each row of log-probabilities: [M, C] → [M], in nats. */
export function klDivergences(a: Tensor, b: Tensor): Tensor {
  return a.exp().mul(a.sub(b)).sum([1]);
}

/** Log-probabilities at a temperature: log softmax(z / T), [M, V] → [M, V], in nats. */
export function softened(logits: Tensor, temperature: number): Tensor {
  return (temperature === 1 ? logits : logits.div(temperature)).logSoftmax(1);
}

/**
 * The loss of each token: (1−c)·T²·D + c·(−log q(target)).
 *
 * T² is Hinton et al.'s (2015, §2): gradients of a divergence between distributions softened by T shrink as 1/T², and with the factor the
 * two terms keep their proportion when T is changed. TRL's `generalized_jsd_loss` has no such factor.
 *
 * @param divergence D at temperature T, [M], in nats
 * @param crossEntropy −log q(target) at temperature 1, [M], in nats
 */
export function mixedLosses(
  divergence: Tensor,
  crossEntropy: Tensor,
  { temperature, crossEntropy: share }: Pick<DistillationOptions, 'temperature' | 'crossEntropy'>,
): Tensor {
  const apart = divergence.mul((1 - share) * temperature ** 2);
  return share === 0 ? apart : apart.add(crossEntropy.mul(share));
}

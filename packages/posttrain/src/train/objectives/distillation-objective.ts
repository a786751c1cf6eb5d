import { noGrad, type Tensor, toArray } from '../../tensor/index.ts';
import { weightOf } from '../batch.ts';
import {
  type DistillationOptions,
  type Divergence,
  divergences,
  klDivergences,
  mixedLosses,
  softened,
} from '../losses/distillation.ts';
import { reverseDivergence } from '../losses/divergence.ts';
import type { BatchLoss, LogitChunk, Metrics, TeacherObjective } from '../objective.ts';
import type { Teacher } from '../teacher.ts';

/** `reverse-kl-sampled` is for rows whose targets the student drew. */
type Options = DistillationOptions<Divergence | 'reverse-kl-sampled'>;

/**
 * Distillation: at each target of a row the student's whole distribution is drawn towards the teacher's. Neither model's logits exist
 * beyond one chunk.
 */
export function distillationObjective(options: Options, teacher: Teacher): TeacherObjective {
  return {
    name: 'distill',
    needs: 'teacher',
    dropout: false,
    weight: weightOf,
    forBatch(batch) {
      const logitsOf = teacher(batch);
      return {
        needs: 'logits',
        loss: (chunk) => lossOfChunk(logitsOf(chunk.start, chunk.count), chunk, options),
      };
    },
  };
}

function lossOfChunk(teacher: Tensor, chunk: LogitChunk, options: Options): BatchLoss {
  const { temperature, crossEntropy: share } = options;
  const { logits, targets, weights } = chunk;
  const softTeacher = noGrad(() => softened(teacher, temperature));
  const softStudent = softened(logits, temperature);
  const divergence =
    options.loss === 'reverse-kl-sampled'
      ? sampledReverseKl(ofTargets(softTeacher, targets), ofTargets(softStudent, targets))
      : divergences(softTeacher, softStudent, { ...options, loss: options.loss });
  // The rows' own tokens are compared at temperature 1, and so are the metrics.
  const plain = (at: () => Tensor) => (temperature === 1 ? softStudent : at());
  const student = share > 0 ? plain(() => softened(logits, 1)) : noGrad(() => plain(() => softened(logits, 1)));
  const crossEntropy = ofTargets(student, targets).neg();
  const metrics = noGrad(() => metricsOf(temperature === 1 ? softTeacher : softened(teacher, 1), student, targets));
  return { sum: mixedLosses(divergence, crossEntropy, options).mul(weights).sumAll(), metrics };
}

/**
 * The reverse divergence by what the student drew, [m]: value k1 = log q − log p of the token, gradient k1·∇log q, so that log p − log q is the
 * advantage of each token in a policy gradient. Over tokens drawn from q, its expected gradient is that of Σ q (log q − log p).
 */
function sampledReverseKl(teacher: Tensor, student: Tensor): Tensor {
  return reverseDivergence(student, student.detach(), teacher);
}

/** How close the two are, at temperature 1, one value a target. @param teacher and student: log-probabilities, [m, V], in nats */
function metricsOf(teacher: Tensor, student: Tensor, targets: Tensor): Metrics {
  const nats = (logps: Tensor) => toArray(ofTargets(logps, targets).neg());
  const agreed = teacher.argmax(1).eq(student.argmax(1));
  return {
    teacherKl: toArray(klDivergences(teacher, student)),
    agreement: toArray(agreed.toDtype('float32')),
    crossEntropy: nats(student),
    teacherCrossEntropy: nats(teacher),
  };
}

/** [m, V] → [m] */
function ofTargets(logps: Tensor, targets: Tensor): Tensor {
  return logps.gather(1, targets.unsqueeze(1)).squeeze(1);
}

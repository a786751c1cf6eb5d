import { noGrad, type Tensor, toArray } from '../../tensor/index.ts';
import { weightOf } from '../batch.ts';
import { type DistillationOptions, divergences, klDivergences, mixedLosses, softened } from '../losses/distillation.ts';
import type { BatchLoss, LogitChunk, Metrics, TeacherObjective } from '../objective.ts';
import type { Teacher } from '../teacher.ts';

/**
 * Distillation: at each target of a row the student's whole distribution is drawn towards the teacher's. Neither model's logits exist
 * beyond one chunk.
 */
export function distillationObjective(options: DistillationOptions, teacher: Teacher): TeacherObjective {
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

function lossOfChunk(teacher: Tensor, chunk: LogitChunk, options: DistillationOptions): BatchLoss {
  const { temperature, crossEntropy: share } = options;
  const { logits, targets, weights } = chunk;
  const softTeacher = noGrad(() => softened(teacher, temperature));
  const softStudent = softened(logits, temperature);
  const divergence = divergences(softTeacher, softStudent, options);
  // The rows' own tokens are compared at temperature 1, and so are the metrics.
  const plain = (at: () => Tensor) => (temperature === 1 ? softStudent : at());
  const student = share > 0 ? plain(() => softened(logits, 1)) : noGrad(() => plain(() => softened(logits, 1)));
  const crossEntropy = ofTargets(student, targets).neg();
  const metrics = noGrad(() => metricsOf(temperature === 1 ? softTeacher : softened(teacher, 1), student, targets));
  return { sum: mixedLosses(divergence, crossEntropy, options).mul(weights).sumAll(), metrics };
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

import { fromTyped, noGrad, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { weightOf } from '../batch.ts';
import { type DistillationOptions, divergences, klDivergences, mixedLosses, softened } from '../losses/distillation.ts';
import { classLogps, type TopK } from '../losses/top-k.ts';
import type { Batch, TeacherObjective } from '../objective.ts';
import { classesOf, type StoredLogits, type StoredTargets } from '../stored-logits.ts';

/** The likeliest tokens at `count` targets from `start` on, without gradient. */
export type TopKTeacher = (batch: Batch) => (start: number, count: number) => TopK;

/** A teacher that was run before: its stored distributions, made to sum to 1 again after rounding. */
export function storedTeacher(stored: StoredLogits): TopKTeacher {
  const { k } = stored.header;
  const classes = classesOf(stored.header);
  return ({ rows, targets: { device } }) => {
    const found = rows.map(({ row }) => stored.targets(row));
    const joined = <Part extends keyof StoredTargets>(part: Part) => found.flatMap((row) => [...row[part]]);
    const ids = tensor(joined('ids'), { dtype: 'int64', device }).view([-1, k]);
    const bits = Uint16Array.from(joined('logps'));
    const logps = fromTyped(bits, [bits.length / classes, classes], 'float16')
      .toDevice(device, 'float32')
      .logSoftmax(1);
    return (start, count) => ({ ids: ids.narrow(0, start, count), logps: logps.narrow(0, start, count) });
  };
}

/**
 * Distillation from the teacher's K likeliest tokens, all others being one class of both models. At a temperature of the stored
 * distributions' own.
 */
export function topKObjective(options: DistillationOptions, teacher: TopKTeacher): TeacherObjective {
  const { temperature, crossEntropy: share } = options;
  return {
    name: 'distill',
    needs: 'teacher',
    dropout: false,
    weight: weightOf,
    forBatch(batch) {
      const topK = teacher(batch);
      return {
        needs: 'logits',
        loss({ start, count, logits, targets, weights }) {
          const { ids, logps } = topK(start, count);
          const student = classLogps(logits, ids, temperature);
          const ofTargets = () => softened(logits, 1).gather(1, targets.unsqueeze(1)).squeeze(1).neg();
          const crossEntropy = share > 0 ? ofTargets() : noGrad(ofTargets);
          const losses = mixedLosses(divergences(logps, student, options), crossEntropy, options);
          return {
            sum: losses.mul(weights).sumAll(),
            metrics: noGrad(() => metricsOf(ids, logps, logits, student, crossEntropy)),
          };
        },
      };
    },
  };
}

function metricsOf(ids: Tensor, teacher: Tensor, logits: Tensor, student: Tensor, crossEntropy: Tensor) {
  return {
    teacherKl: toArray(klDivergences(teacher, student)),
    agreement: toArray(ids.select(1, 0).eq(logits.argmax(1)).toDtype('float32')),
    crossEntropy: toArray(crossEntropy),
  };
}

import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import { loadCausalLm } from '../models/load.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { PosttrainError } from '../support/errors.ts';
import type { TeacherChoice } from './method.ts';
import { refuseShortContext } from './refuse-short-context.ts';

const key = 'distill.teacher';

/**
 * The frozen model that is learnt from; the caller disposes of it.
 * @param longest tokens of the longest sequence it will see
 * @throws recipe-invalid where its vocabulary or its context do not fit
 */
export function loadTeacher({ model: name, precision }: TeacherChoice, student: Decoder, longest: number): CausalLm {
  refuseShortContext('teacher', name, resolveModelFolder(name), longest);
  const { model } = loadCausalLm(name, { precision });
  const [own, other] = [student, model].map(({ dimensions }) => dimensions.vocabulary) as [number, number];
  if (own === other) return model;
  model[Symbol.dispose]();
  throw new PosttrainError(
    'recipe-invalid',
    `the teacher ${name} has logits for ${other} tokens, the model for ${own}.`,
    { place: { key }, help: 'the two are compared token by token: both need as many rows in their embeddings.' },
  );
}

import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import { loadCausalLm } from '../models/load.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { PosttrainError } from '../support/errors.ts';
import type { TeacherChoice } from './method.ts';
import { contextOf } from './training-rows.ts';

const key = 'distill.teacher';

/**
 * The frozen model that is learnt from; the caller disposes of it.
 * @param longest tokens of the longest sequence it will see
 * @throws recipe-invalid where its vocabulary or its context do not fit
 */
export function loadTeacher({ model: name, precision }: TeacherChoice, student: Decoder, longest: number): CausalLm {
  const folder = resolveModelFolder(name);
  const context = contextOf(folder);
  if (longest > context)
    throw new PosttrainError(
      'recipe-invalid',
      `the longest sequence has ${longest} tokens, but the teacher ${name} was made for ${context}.`,
      { place: { key: 'data.maxTokens' }, help: `data.maxTokens: ${context}, or a teacher with a longer context.` },
    );
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

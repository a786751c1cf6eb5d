import { existsSync } from 'node:fs';
import { resolveModelFolder } from '../../models/model-folder.ts';
import { settlePrecision } from '../../models/precision.ts';
import type { ResolvedRecipe } from '../../runs/index.ts';
import type { Compared, Method } from '../method.ts';
import { distillationObjective } from '../objectives/distillation-objective.ts';
import { storedTeacher, topKObjective } from '../objectives/top-k-objective.ts';
import { privilegedRows } from '../privileged-rows.ts';
import { answeredRows } from '../rollouts/student-rows.ts';
import { refuseOtherTokens } from '../same-tokens.ts';
import type { Teacher } from '../teacher.ts';
import { contextOf, prepareTrainingRows } from '../training-rows.ts';

/**
 * Knowledge distillation: the rows of supervised tuning, with the teacher's whole distribution at each target in place of the one token
 * that stands there; a teacher may read more than the student (context). Hinton et al. 2015, arXiv:1503.02531; divergences: Agarwal et al. 2024, arXiv:2306.13649.
 */
export const distill: Method = {
  name: 'distill',
  papers: ['arXiv:1503.02531', 'arXiv:2306.13649', 'arXiv:2306.08543'],
  async rows(recipe, folder, hooks) {
    const teacher = modelOf(recipe);
    if (teacher !== undefined) await refuseOtherTokens(folder, teacher, teacherRole);
    const rows = await prepareTrainingRows(recipe, folder, hooks);
    const { context: text, onPolicy } = recipe.distill!;
    if (teacher === undefined) return rows;
    const context = contextOf(resolveModelFolder(teacher));
    const privileged = text && (await privilegedRows(recipe, folder, hooks, rows.compared, { text, context }));
    const told = privileged ? { ...rows, privileged } : rows;
    return onPolicy > 0 ? answeredRows(recipe, folder, told) : told;
  },
  usesReference: () => false,
  teacher: {
    of(recipe) {
      const model = modelOf(recipe);
      return model === undefined ? null : { model, precision: recipe.distill!.precision };
    },
    settled: ({ distill: keys, ...recipe }, dimensions) => ({
      ...recipe,
      distill: { ...keys!, precision: settlePrecision(keys!.precision, dimensions) },
    }),
    store: ({ distill: keys }) => {
      const { teacher, logits, topK, temperature, context } = keys!;
      return logits === undefined ? null : { path: logits, k: topK, temperature, teacher, context };
    },
  },
  objective({ distill: keys }, { teacher }) {
    const { loss } = keys!;
    if (teacher?.kind === 'stored' && loss !== 'reverse-kl-sampled')
      return topKObjective({ ...keys!, loss }, storedTeacher(teacher.logits));
    return distillationObjective(keys!, (batch) => runOf(teacher)(batch));
  },
};

const teacherRole = {
  name: 'teacher',
  key: 'distill.teacher',
  help: 'a teacher of the same family has the same tokenizer. To learn from another one, train on the texts it writes with method: sft.',
};

/** The model that has to be loaded: none where it was run before. */
function modelOf({ distill: keys }: ResolvedRecipe): string | undefined {
  const { teacher, logits } = keys!;
  return logits !== undefined && existsSync(logits) ? undefined : teacher;
}

/** A teacher in memory. After a stop there is none, and no step that asks it. */
function runOf(teacher: Compared['teacher']): Teacher {
  if (teacher?.kind === 'live') return teacher.run;
  throw new TypeError('a teacher in memory');
}

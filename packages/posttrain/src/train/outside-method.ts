import { prepareAnswers, preparePairs } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { AnyMethodDefinition } from './define-method.ts';
import { prepareFeedbackRows } from './feedback-rows.ts';
import type { Method } from './method.ts';
import type { Objective } from './objective.ts';
import { prepareTrainingRows } from './training-rows.ts';

const rowsOf: Readonly<Record<AnyMethodDefinition['rows'], Method['rows']>> = {
  conversations: prepareTrainingRows,
  pairs: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, preparePairs),
  answers: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, prepareAnswers),
};

/** A method from outside as one of this package's. What its own code throws says so. @throws method-invalid */
export function asMethod(definition: AnyMethodDefinition, file: string): Method {
  const { name, papers = [], rows, usesReference = false } = definition;
  const guard = guardOf(name, file);
  if (!(rows in rowsOf))
    throw new PosttrainError('method-invalid', `the method ${name} has rows: ${JSON.stringify(rows)}.`, {
      place: { file },
      help: `rows is ${Object.keys(rowsOf).join(', ')}.`,
    });
  return {
    name,
    papers,
    rows: rowsOf[rows],
    usesReference: ({ keys }) =>
      typeof usesReference === 'function' ? guard(() => usesReference(keys as never)) : usesReference,
    objective: ({ keys }, { reference }) =>
      guarded(
        guard,
        guard(() => definition.objective(keys as never, { reference })),
      ),
  };
}

type Guard = <T>(body: () => T) => T;

function guardOf(name: string, file: string): Guard {
  return (body) => {
    try {
      return body();
    } catch (cause) {
      if (PosttrainError.is(cause)) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new PosttrainError('method-invalid', `the method ${name} failed: ${message}`, { place: { file }, cause });
    }
  };
}

/** Every function of an objective, so that a mistake in it is told from one of this package. */
function guarded<Part extends Objective>(guard: Guard, objective: Part): Part {
  const parts = Object.entries(objective).map(([key, part]) => [
    key,
    typeof part === 'function' ? (...call: unknown[]) => guard(() => part.apply(objective, call)) : part,
  ]);
  return Object.fromEntries(parts) as Part;
}

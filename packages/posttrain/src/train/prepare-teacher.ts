import { existsSync } from 'node:fs';
import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { Method, StoreChoice } from './method.ts';
import { type StoreOptions, storeTeacher } from './store-teacher.ts';
import { format, StoredLogits } from './stored-logits.ts';
import { liveTeacher, type Teacher } from './teacher.ts';
import type { TrainingRows } from './training-rows.ts';

/** A teacher as the objective gets it: in memory, or what was stored of it. */
export type PreparedTeacher = Disposable &
  ({ readonly kind: 'live'; readonly run: Teacher } | { readonly kind: 'stored'; readonly logits: StoredLogits });

export interface TeacherSetup extends Pick<StoreOptions, 'rows' | 'together' | 'stopRequested' | 'onProgress'> {
  /** The teacher, where it was loaded; it is disposed of once it is stored. */
  readonly model: CausalLm | undefined;
  readonly vocabulary: number;
  readonly privileged: TrainingRows['privileged'];
  readonly store: StoreChoice | null;
}

/**
 * Readies a teacher for the first step. Where it is to be stored and is not yet, it runs over all rows now.
 * @returns null where there is none, and where a stop was requested before all rows were stored
 */
export async function prepareTeacher(setup: TeacherSetup): Promise<PreparedTeacher | null> {
  const { model, store, vocabulary, privileged } = setup;
  // A model in memory is disposed of by who loaded it.
  if (!store) return model ? { kind: 'live', run: liveTeacher(model, privileged), [Symbol.dispose]() {} } : null;
  if (model && !existsSync(store.path)) {
    const { temperature, teacher, path } = store;
    const context = store.context ?? null;
    const k = Math.min(store.k, vocabulary);
    const header = { format, version: 1, teacher: teacher!, context, temperature, k, vocabulary } as const;
    if (!(await storeTeacher(liveTeacher(model, privileged), { ...setup, path, header }))) return null;
    model[Symbol.dispose]();
  }
  const logits = openStored(setup)!;
  return { kind: 'stored', logits, [Symbol.dispose]: () => logits[Symbol.dispose]() };
}

/**
 * Checks what was stored before, or that there is a teacher to write it.
 * @throws file-missing, file-unreadable, recipe-invalid
 */
export function checkStored(setup: Pick<TeacherSetup, 'store' | 'rows' | 'vocabulary' | 'model'>): void {
  openStored(setup)?.[Symbol.dispose]();
}

function openStored({ store, rows, vocabulary, model }: Parameters<typeof checkStored>[0]): StoredLogits | null {
  if (!store || (model && !existsSync(store.path))) return null;
  if (!existsSync(store.path))
    throw new PosttrainError('file-missing', `there are no stored logits at ${store.path}.`, {
      place: { key: 'distill.logits' },
      help: 'with distill.teacher beside it the file is written before the first step.',
    });
  const logits = new StoredLogits(store.path);
  try {
    refuseOtherLogits(logits, store, vocabulary);
    for (const row of rows) logits.find(row);
    return logits;
  } catch (error) {
    logits[Symbol.dispose]();
    throw error;
  }
}

/** @throws recipe-invalid where a file was made for other keys than the recipe's */
function refuseOtherLogits(
  { path, header }: StoredLogits,
  { k, temperature, teacher, context }: StoreChoice,
  vocabulary: number,
) {
  const asked = { 'distill.temperature': temperature, 'distill.topK': Math.min(k, vocabulary), tokens: vocabulary };
  const held = { 'distill.temperature': header.temperature, 'distill.topK': header.k, tokens: header.vocabulary };
  const names = Object.keys(asked) as (keyof typeof asked)[];
  const differences = names
    .filter((name) => asked[name] !== held[name])
    .map((name) => `${name} is ${asked[name]}, in the file ${held[name]}`);
  if (teacher !== undefined && teacher !== header.teacher)
    differences.push(`distill.teacher is ${teacher}, in the file ${header.teacher}`);
  if (teacher !== undefined && (context ?? null) !== header.context)
    differences.push(
      `distill.context is ${JSON.stringify(context ?? null)}, in the file ${JSON.stringify(header.context)}`,
    );
  if (differences.length === 0) return;
  throw new PosttrainError(
    'recipe-invalid',
    `the stored logits ${path} were made otherwise:\n  ${differences.join('\n  ')}`,
    { place: { key: 'distill.logits' }, help: 'set the keys as they were, or name another file for these.' },
  );
}

/** What of a recipe's teacher is stored, or is to be. */
export function storedOf(
  method: Method,
  recipe: ResolvedRecipe,
  student: Decoder,
  rows: TrainingRows,
  teacher: CausalLm | undefined,
) {
  const store = method.teacher?.store(recipe) ?? null;
  return { store, model: teacher, rows: rows.compared, vocabulary: student.dimensions.vocabulary };
}

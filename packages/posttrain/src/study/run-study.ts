import { join, resolve } from 'node:path';
import { EventQueue } from '../client/event-queue.ts';
import type { Task } from '../evaluate/index.ts';
import type { Study } from './definition.ts';
import type { StudyEvent } from './events.ts';
import type { PreparedStudy } from './plan.ts';
import type { StudyResult } from './result.ts';
import type { Workbench } from './workbench.ts';

/** Where studies go when `dir` does not say. */
export const studiesFolder = 'studies';

export interface StudyOptions {
  /** The study folder; `studies/<name>` when left out. A folder with this study in it is gone on with. */
  readonly dir?: string | undefined;
  /** When it is aborted, the run under way writes a checkpoint, then `result` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** CPU threads of training and answering; what the recipes say, and every core to answer, when left out. */
  readonly threads?: number | undefined;
  /** Tasks that the study may name, beside those of the package. */
  readonly tasks?: readonly Task[] | undefined;
  /** What trains and answers; engine processes when left out. A stand-in serves tests. */
  readonly bench?: Workbench | undefined;
}

/** A study under way. Iterate it for its events; leaving the loop does not stop it. Await `result` for the end. */
export class StudyRun implements AsyncIterable<StudyEvent> {
  /** How it ended. Rejects with what went wrong, or with the signal's reason. */
  readonly result: Promise<StudyResult>;
  readonly #events = new EventQueue<StudyEvent>();

  constructor(events: () => AsyncGenerator<StudyEvent, StudyResult, void>) {
    this.result = this.#carryOut(events);
  }

  /** Step events lost because nobody read them in time. */
  get droppedSteps(): number {
    return this.#events.dropped;
  }

  [Symbol.asyncIterator](): AsyncIterator<StudyEvent, void, undefined> {
    this.result.catch(() => {}); // the iteration throws it
    return this.#events[Symbol.asyncIterator]();
  }

  async #carryOut(events: () => AsyncGenerator<StudyEvent, StudyResult, void>): Promise<StudyResult> {
    try {
      const steps = events();
      let next = await steps.next();
      for (; !next.done; next = await steps.next()) this.#events.push(next.value);
      this.#events.end();
      return next.value;
    } catch (error) {
      this.#events.end(error);
      throw error;
    }
  }
}

/**
 * Carries out a study: an object, or the path of a .yaml, .json or .ts file. Returns at once. The same call goes on with a study
 * that was interrupted, by whatever cause, and gives the stored result of one that is over.
 *
 * @example
 * const study = runStudy('study.yaml', { dir: 'studies/rates' });
 * for await (const event of study) if (event.type === 'run') console.log(event.run.id, event.status);
 * const { claim, rows } = await study.result;
 */
export function runStudy(study: Study | string, options: StudyOptions = {}): StudyRun {
  return new StudyRun(() => events(study, options));
}

async function* events(study: Study | string, options: StudyOptions): AsyncGenerator<StudyEvent, StudyResult, void> {
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const [{ StudyFolder }, { carryOut }, { engineWorkbench }] = await Promise.all([
    import('./study-folder.ts'),
    import('./carry-out.ts'),
    import('./workbench.ts'),
  ]);
  const prepared = await planStudy(study, options);
  using folder = new StudyFolder(studyFolderOf(prepared, options), prepared.plan, prepared.given);
  return yield* carryOut({ prepared, folder, bench: options.bench ?? engineWorkbench(options.threads), signal });
}

/**
 * Reads and checks a study, lays down its plan and holds it to the one in the study folder; trains nothing, asks nothing, writes
 * nothing.
 * @throws PosttrainError `study-invalid`, `recipe-invalid`, `usage`, `file-missing`
 */
export async function planStudy(
  study: Study | string,
  options: Pick<StudyOptions, 'dir' | 'tasks'> = {},
): Promise<PreparedStudy> {
  const [{ loadStudy }, { prepareStudy }, { refuseOtherPlan }] = await Promise.all([
    import('./load.ts'),
    import('./prepare.ts'),
    import('./same-plan.ts'),
  ]);
  const prepared = await prepareStudy(await loadStudy(study), options.tasks);
  refuseOtherPlan(studyFolderOf(prepared, options), prepared.plan, options.dir);
  return prepared;
}

/** The folder that a study goes into. */
export function studyFolderOf({ plan }: Pick<PreparedStudy, 'plan'>, { dir }: Pick<StudyOptions, 'dir'>): string {
  return resolve(dir ?? join(studiesFolder, plan.name));
}

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { withInfinities, withMarkedInfinities } from '../evaluate/infinite-json.ts';
import { replaceFile } from '../runs/durable-file.ts';
import { JsonlLog, lockRun, type RunLock, readJsonl } from '../runs/index.ts';
import type { GivenStudy, StudyPlan } from './plan.ts';
import { refuseOtherPlan } from './same-plan.ts';

/** What became of a training run, as runs.jsonl keeps it. */
export interface RunOutcome {
  readonly run: string;
  /** `diverged`: loss or gradient became NaN or infinite; it is a result, not an accident. */
  readonly status: 'finished' | 'diverged';
  /** Relative to the study folder; null where it diverged. */
  readonly checkpoint: string | null;
  readonly steps: number;
  /** Tokens it was trained on, padding not counted. */
  readonly tokens: number;
  /** Seconds spent in steps. */
  readonly seconds: number;
  /** Why it diverged. */
  readonly message: string | null;
}

/** A line of reads.jsonl: a reading of the documents that the arms are compared on began, went on, or was done. */
export interface StudyRead {
  readonly event: 'begin' | 'resume' | 'complete';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Of the plan. */
  readonly plan: string;
  readonly tasks: readonly string[];
  readonly models: number;
}

/** The folder of a study, open for writing by this process alone. */
export class StudyFolder implements Disposable {
  /** Absolute. */
  readonly dir: string;
  readonly #lock: RunLock;
  readonly #outcomes = new Map<string, RunOutcome>();

  /**
   * Makes the folder and writes the plan, or holds the plan to the one that is there.
   * @throws PosttrainError `study-invalid` for another plan, `run-locked`, `run-exists` for a folder of something else
   */
  constructor(dir: string, plan: StudyPlan, given: GivenStudy) {
    this.dir = resolve(dir);
    refuseOtherPlan(this.dir, plan, dir);
    mkdirSync(this.dir, { recursive: true });
    this.#lock = lockRun(this.dir);
    if (!existsSync(this.path('plan.json'))) {
      replaceFile(this.path(given.name), given.text);
      this.writeJson('plan.json', plan);
    }
    for (const row of readJsonl(this.path('runs.jsonl')).rows) this.#outcomes.set(String(row['run']), row as never);
  }

  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts);
  }

  runFolder(run: string): string {
    return this.path('runs', ...run.split('/'));
  }

  /** What became of a run; undefined where it is not over, or its checkpoint is gone. */
  outcome(run: string): RunOutcome | undefined {
    const known = this.#outcomes.get(run);
    return known?.checkpoint && !existsSync(this.path(known.checkpoint)) ? undefined : known;
  }

  record(outcome: RunOutcome): void {
    this.#append('runs.jsonl', outcome);
    this.#outcomes.set(outcome.run, outcome);
  }

  relative(path: string): string {
    return relative(this.dir, path).replaceAll('\\', '/');
  }

  get reads(): readonly StudyRead[] {
    return readJsonl(this.path('reads.jsonl')).rows as unknown as StudyRead[];
  }

  recordRead(read: StudyRead): void {
    this.#append('reads.jsonl', read);
  }

  /** A file of JSON, or undefined where there is none. Infinities survive. */
  readJson<T>(...parts: readonly string[]): T | undefined {
    const path = this.path(...parts);
    return existsSync(path) ? (withInfinities(JSON.parse(readFileSync(path, 'utf8'))) as T) : undefined;
  }

  writeJson(name: string, value: unknown): void {
    replaceFile(this.path(name), `${JSON.stringify(withMarkedInfinities(value), null, 2)}\n`);
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }

  #append(name: string, row: object): void {
    const log = new JsonlLog(this.path(name));
    log.append(row);
    log.close();
  }
}

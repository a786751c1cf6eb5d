import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import {
  type BrokenCheckpoint,
  type Checkpoint,
  latestCheckpoint,
  removeLeftovers,
  writeCheckpoint,
} from './checkpoint.ts';
import { errno, removeAbandoned, replaceFile, syncToDisk, writeError } from './durable-file.ts';
import type { DataReport, EvaluateEvent, RunEvent, StepEvent } from './events.ts';
import { type ForgettingRecord, forgettingFile } from './forgetting.ts';
import { JsonlLog, readJsonl } from './jsonl-log.ts';
import { lockRun, type RunLock } from './lock.ts';
import type { ResolvedRecipe } from './recipe/resolved-recipe.ts';
import {
  type DataFingerprint,
  type EngineFacts,
  newRunInfo,
  type RunInfo,
  readRunInfo,
  type StatusEntry,
} from './run-info.ts';

/** All that a new run folder is made of; it is known only when recipe, data and model are good. */
export interface NewRun {
  /** The recipe as it was given; its file keeps this name. */
  readonly given: { readonly name: string; readonly text: string };
  readonly overrides: readonly string[];
  readonly resolved: ResolvedRecipe;
  readonly engine: EngineFacts;
  readonly data: readonly DataFingerprint[];
  readonly dataReport: DataReport;
  /** The moment of its making, which templates that print a date are given; now when left out. */
  readonly created?: Date;
}

/**
 * The folder of a run, open for writing by this process alone:
 * recipe.*, resolved.json, run.json, data-report.json, forgetting.json, metrics.jsonl, events.jsonl, samples.jsonl, checkpoints/.
 */
export class RunFolder {
  /** Absolute. */
  readonly dir: string;
  readonly resolved: ResolvedRecipe;
  #info: RunInfo;
  readonly #lock: RunLock;
  readonly #metrics: JsonlLog;
  readonly #events: JsonlLog;
  readonly #samples: JsonlLog;

  private constructor(dir: string, lock: RunLock) {
    this.dir = dir;
    this.#lock = lock;
    try {
      this.#info = readRunInfo(dir);
      this.resolved = readResolved(dir);
      this.#metrics = new JsonlLog(join(dir, 'metrics.jsonl'));
      this.#events = new JsonlLog(join(dir, 'events.jsonl'));
      this.#samples = new JsonlLog(join(dir, 'samples.jsonl'));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Makes the folder of a new run, whole or not at all, and takes its lock.
   * @throws PosttrainError `run-exists` when the folder holds anything, `file-unwritable`.
   */
  static create(dir: string, run: NewRun, { cwd = process.cwd() }: { cwd?: string } = {}): RunFolder {
    const path = resolve(dir);
    refuseOccupied(dir, path);
    const info = newRunInfo(
      { engine: run.engine, seed: run.resolved.seed, overrides: run.overrides, data: run.data },
      cwd,
    );
    const files = {
      [run.given.name]: run.given.text,
      'resolved.json': json(run.resolved),
      'run.json': json(info),
      'data-report.json': json(run.dataReport),
    };
    makeWhole(dir, path, files);
    return new RunFolder(path, lockRun(path));
  }

  /**
   * Opens the folder of a run that ended, by whatever cause, to go on with it: takes its lock and clears what a killed
   * process left half-done. `latestCheckpoint` and `markResumed` come next.
   * @throws PosttrainError `file-missing`, `file-unreadable`, `run-locked`.
   */
  static resume(dir: string): RunFolder {
    const path = resolve(dir);
    readRunInfo(path);
    const lock = lockRun(path);
    removeLeftovers(join(path, 'checkpoints'));
    for (const prefix of ['run.json.tmp-', `${forgettingFile}.tmp-`, '.lock.']) removeAbandoned(path, prefix);
    return new RunFolder(path, lock);
  }

  get info(): RunInfo {
    return this.#info;
  }

  /** Appends to metrics.jsonl, with the time in milliseconds since 1970. */
  appendMetrics(row: StepEvent | EvaluateEvent): void {
    this.#metrics.append({ ...row, time: Date.now() });
  }

  /** Appends to events.jsonl, with the time; steps belong into the metrics. */
  appendEvent(event: RunEvent): void {
    this.#events.append({ ...event, time: Date.now() });
  }

  /** Appends to samples.jsonl: texts the model wrote after some step. */
  appendSample(sample: { readonly step: number } & Readonly<Record<string, unknown>>): void {
    this.#samples.append({ ...sample, time: Date.now() });
  }

  /** Every row of samples.jsonl, those of steps that no longer count too. */
  samples(): readonly Readonly<Record<string, unknown>>[] {
    return readJsonl(this.#samples.path).rows;
  }

  /** Replaces forgetting.json whole. */
  writeForgetting(record: ForgettingRecord): void {
    replaceFile(join(this.dir, forgettingFile), json(record));
  }

  /** Writes `checkpoints/step-N` by the protocol of checkpoint.ts and keeps as many as the recipe says. */
  writeCheckpoint(step: number, write: (temporary: string) => Promise<void> | void): Promise<Checkpoint> {
    return writeCheckpoint(join(this.dir, 'checkpoints'), step, write, this.resolved.every.keep);
  }

  /** The newest good checkpoint, or null before the first; and newer ones that are damaged. */
  latestCheckpoint(): Promise<{ checkpoint: Checkpoint | null; broken: readonly BrokenCheckpoint[] }> {
    return latestCheckpoint(join(this.dir, 'checkpoints'));
  }

  /** Records that the run goes on after `fromStep` steps: what the logs hold of later steps no longer counts. */
  markResumed(fromStep: number): void {
    for (const log of [this.#metrics, this.#events, this.#samples])
      log.append({ type: 'resume', fromStep, time: Date.now() });
    this.setStatus('running', fromStep);
  }

  /** Adds to the history in run.json. */
  setStatus(status: StatusEntry['status'], step: number, message?: string): void {
    const entry = { status, time: new Date().toISOString(), step, ...(message === undefined ? {} : { message }) };
    this.#info = { ...this.#info, history: [...this.#info.history, entry] };
    replaceFile(join(this.dir, 'run.json'), json(this.#info));
  }

  /** Closes the logs and gives the folder free. */
  close(): void {
    for (const log of [this.#metrics, this.#events, this.#samples]) log.close();
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** @throws PosttrainError `file-missing` or `file-unreadable`. */
export function readResolved(dir: string): ResolvedRecipe {
  const path = join(dir, 'resolved.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ResolvedRecipe;
  } catch (cause) {
    const code = errno(cause) === 'ENOENT' ? 'file-missing' : 'file-unreadable';
    throw new PosttrainError(code, `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

/** @throws PosttrainError `run-exists` when a run could not be made in this folder. For callers that want to know before long work. */
export function refuseOccupied(dir: string, path = resolve(dir)): void {
  const names = namesIn(path);
  if (names.length === 0) return;
  if (existsSync(join(path, 'run.json'))) {
    throw new PosttrainError('run-exists', `${dir} already holds a run.`, {
      help: `go on with it by posttrain train RECIPE --dir ${dir} --resume, or choose another folder by --dir.`,
      data: { dir: path },
    });
  }
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  throw new PosttrainError('run-exists', `${dir} is not empty, and holds no run: ${shown}.`, {
    help: 'choose a folder that is empty or does not exist, by --dir.',
    data: { dir: path },
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw writeError(error, path);
  }
}

/** Fills a folder beside and renames it, so that a run folder exists with all its files or does not exist. */
function makeWhole(dir: string, path: string, files: Readonly<Record<string, string>>): void {
  const parent = dirname(path);
  const temporary = join(parent, `.${basename(path)}.tmp-${process.pid}`);
  let made: string | undefined;
  try {
    made = makeFolders(parent);
    removeAbandoned(parent, `.${basename(path)}.tmp-`);
    rmSync(temporary, { recursive: true, force: true });
    makeFolder(temporary, dir);
    mkdirSync(join(temporary, 'checkpoints'));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(temporary, name), text);
      syncToDisk(join(temporary, name));
    }
    // POSIX renames over an empty folder; Windows does not.
    if (process.platform === 'win32' && existsSync(path)) rmdirSync(path);
    renameSync(temporary, path);
    syncToDisk(parent);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true });
    if (made !== undefined) removeEmpty(parent, made);
    if (errno(error) === 'ENOTEMPTY') refuseOccupied(dir, path);
    throw writeError(error, dir);
  }
}

/**
 * Makes a folder and those above it; gives back the highest that was missing. Node's own `recursive` never returns where
 * the system refuses with ENOENT inside a folder that is there, as /proc does.
 */
function makeFolders(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const above = makeFolders(dirname(path));
  makeFolder(path);
  return above ?? path;
}

function makeFolder(path: string, shown = path): void {
  try {
    mkdirSync(path);
  } catch (cause) {
    if (errno(cause) !== 'ENOENT') throw cause;
    throw new PosttrainError('file-unwritable', `${shown} cannot be made: the system allows no folder there.`, {
      help: 'choose another run folder.',
      cause,
    });
  }
}

/** Takes back the folders from `highest` down to `lowest`, as long as nobody put anything into them. */
function removeEmpty(lowest: string, highest: string): void {
  try {
    for (let folder = lowest; folder.startsWith(highest); folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // Another process uses it by now.
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

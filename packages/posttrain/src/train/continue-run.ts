import {
  type Checkpoint,
  dataChanges,
  type EngineFacts,
  engineChanges,
  type RunEvent,
  type RunFolder,
} from '../runs/index.ts';

/** What a run that is resumed goes on from, and what has changed since it began. */

/** The newest good checkpoint to go on from, or null; damaged ones are warned of. */
export async function findCheckpoint(folder: RunFolder, emit: (event: RunEvent) => void): Promise<Checkpoint | null> {
  const { checkpoint, broken } = await folder.latestCheckpoint();
  for (const { path, reason } of broken)
    emit({ type: 'warning', message: `${path} is damaged and was passed over: ${reason}` });
  return checkpoint;
}

/** The folder, marked as resumed; another engine than the run began on is warned of. */
export function continueFolder(
  folder: RunFolder,
  checkpoint: Checkpoint | null,
  now: EngineFacts,
  emit: (event: RunEvent) => void,
): RunFolder {
  const changes = engineChanges(folder.info.engine, now);
  if (changes.length > 0)
    emit({
      type: 'warning',
      message: `this run began on another engine: ${changes.join(' ')}`,
      help: 'it goes on, but not bit for bit as it would have.',
    });
  folder.markResumed(checkpoint?.step ?? 0);
  return folder;
}

/** Warns where the data of a resumed run is not what it began with. */
export async function warnOfChangedData(folder: RunFolder | undefined, emit: (event: RunEvent) => void): Promise<void> {
  const changes = folder ? await dataChanges(folder.info) : [];
  if (changes.length > 0)
    emit({
      type: 'warning',
      message: `the data is not what this run began with: ${changes.join(' ')}`,
      help: 'it goes on with the files as they are now.',
    });
}

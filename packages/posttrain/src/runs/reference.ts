import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';

export const referenceFile = 'reference.json';

/** What the model said of every compared answer before the first step: preference methods measure by how much it has moved. */
export interface ReferenceRecord {
  readonly version: 1;
  /** SHA-256 over tokens and loss weights of the rows, in order. */
  readonly rows: string;
  /** Σ weight · log-probability of each row's answer, in nats, in the same order. */
  readonly logps: readonly number[];
}

export function writeReference(dir: string, record: ReferenceRecord): void {
  replaceFile(join(dir, referenceFile), `${JSON.stringify(record)}\n`);
}

/** The record, or null where there is none or it cannot be read: it can be measured again. */
export function readReference(dir: string): ReferenceRecord | null {
  const path = join(dir, referenceFile);
  if (!existsSync(path)) return null;
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ReferenceRecord;
    return record?.version === 1 && Array.isArray(record.logps) ? record : null;
  } catch {
    return null;
  }
}

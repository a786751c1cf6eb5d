import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errno } from './durable-file.ts';

export const manifestName = 'manifest.json';

/** What a checkpoint consists of. Names are relative, with forward slashes. */
export interface CheckpointManifest {
  readonly version: 1;
  /** Optimizer steps the checkpoint holds. */
  readonly step: number;
  readonly files: Readonly<Record<string, FileFingerprint>>;
}

export interface FileFingerprint {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

export type Verification =
  | { readonly ok: true; readonly manifest: CheckpointManifest }
  | { readonly ok: false; readonly reason: string };

/** Hashes every file below `root`. */
export async function manifestOf(root: string, step: number): Promise<CheckpointManifest> {
  const files: Record<string, FileFingerprint> = {};
  for (const path of filesIn(root)) files[relative(root, path).replaceAll(sep, '/')] = await fingerprintFile(path);
  return { version: 1, step, files };
}

/** Reads a checkpoint's manifest and holds every file it names to its size and hash. */
export async function verifyCheckpoint(path: string): Promise<Verification> {
  let manifest: CheckpointManifest;
  try {
    manifest = JSON.parse(readFileSync(join(path, manifestName), 'utf8')) as CheckpointManifest;
  } catch (error) {
    return {
      ok: false,
      reason: errno(error) === 'ENOENT' ? 'it has no manifest.json.' : 'its manifest.json cannot be read.',
    };
  }
  if (manifest.version !== 1 || typeof manifest.files !== 'object' || manifest.files === null) {
    return { ok: false, reason: 'its manifest.json is not one this version reads.' };
  }
  for (const [name, expected] of Object.entries(manifest.files)) {
    const reason = await problemOf(path, name, expected);
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, manifest };
}

async function problemOf(root: string, name: string, expected: FileFingerprint): Promise<string | undefined> {
  // A manifest is data: its names may not lead out of its folder.
  if (name.split('/').some((part) => part === '' || part === '..' || part === '.') || name.includes('\\'))
    return `its manifest names ${name}, outside its folder.`;
  const file = join(root, name);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return `${name} is missing.`;
  if (bytes !== expected.bytes) return `${name} has ${bytes} bytes instead of ${expected.bytes}.`;
  const { sha256 } = await fingerprintFile(file);
  return sha256 === expected.sha256 ? undefined : `${name} has another hash than its manifest says.`;
}

/** The SHA-256 and the size of a file, read in pieces. */
export async function fingerprintFile(path: string): Promise<FileFingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { sha256: hash.digest('hex'), bytes };
}

function filesIn(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(root, entry.name)) : [join(root, entry.name)]));
}

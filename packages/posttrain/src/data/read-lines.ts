import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A file as it was read: what a run records to know later whether its data changed. */
export interface FileFingerprint {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Streams the lines of a UTF-8 file, with LF or CRLF ends and an optional byte order mark, in constant memory.
 * `visit` gets each line without its end and its number from 1, or null where the bytes are not UTF-8.
 */
export async function visitLines(
  file: string,
  visit: (text: string | null, line: number) => void,
  signal?: AbortSignal,
): Promise<FileFingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  let line = 0;
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const last = chunk.subarray(start, end);
      line++;
      visit(decodeLine(rest.length > 0 ? Buffer.concat([...rest, last]) : last, line), line);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) visit(decodeLine(Buffer.concat(rest), line + 1), line + 1);
  return { file, bytes, sha256: hash.digest('hex') };
}

/** Reads a whole UTF-8 file; `text` is null where the bytes are not UTF-8. */
export async function readText(file: string): Promise<{ text: string | null; fingerprint: FileFingerprint }> {
  const buffer = await readFile(file);
  const sha256 = createHash('sha256').update(buffer).digest('hex');
  return { text: decodeUtf8(buffer), fingerprint: { file, bytes: buffer.length, sha256 } };
}

function decodeLine(buffer: Buffer, line: number): string | null {
  const end = buffer.length > 0 && buffer[buffer.length - 1] === CARRIAGE_RETURN ? buffer.length - 1 : buffer.length;
  // Only the first line may carry a byte order mark; the decoder would take one from any line.
  return line === 1 ? decodeUtf8(buffer.subarray(0, end)) : decodeUtf8(buffer.subarray(0, end), strictKeepingMark);
}

const strict = new TextDecoder('utf-8', { fatal: true });
const strictKeepingMark = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(buffer: Buffer, decoder = strict): string | null {
  try {
    return decoder.decode(buffer);
  } catch {
    return null;
  }
}

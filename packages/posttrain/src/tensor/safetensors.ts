import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { PosttrainError } from '../support/errors.ts';
import { type DType, dtypeWidth } from './dtype.ts';
import { mapFile, type Tensor } from './tensor.generated.ts';

/** One tensor of a safetensors file; `start` and `end` are bytes from the beginning of the file. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const fromStored: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};
const toStored = new Map(Object.entries(fromStored).map(([stored, dtype]) => [dtype, stored]));

/** The format's own limit on a header: 100 MB. */
const longestHeader = 100_000_000;
const chunkBytes = 8 << 20;
/** How a git-lfs pointer begins: "version https://git-lfs…". A clone without git-lfs has pointers in place of weights. */
const gitLfsStart = 'version ';

/**
 * Reads and checks the header of a safetensors file: names, types, shapes, and that every tensor lies inside the file,
 * is as long as its shape says, and overlaps no other.
 * @throws weights-invalid, naming the file and what contradicts what.
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  const file = openSync(path, 'r');
  try {
    const info = fstatSync(file);
    const { size } = info;
    const refuse = (what: string, help = 'copy or download the file again.') =>
      new PosttrainError('weights-invalid', `${path} is not a whole safetensors file: ${what}.`, {
        place: { file: path },
        help,
      });
    if (!info.isFile()) throw refuse('it is a folder');
    if (size < 8) throw refuse(`it has ${size} bytes, and the length of the header alone takes 8`);
    const lengthBytes = Buffer.alloc(8);
    readSync(file, lengthBytes, 0, 8, 0);
    if (lengthBytes.toString('latin1') === gitLfsStart)
      throw refuse('it is a git-lfs pointer to the file', 'fetch the file itself: git lfs pull.');
    const claimed = lengthBytes.readBigUInt64LE();
    if (claimed > longestHeader) throw refuse(`its header claims ${claimed} bytes; the format allows ${longestHeader}`);
    const length = Number(claimed);
    if (8 + length > size) throw refuse(`its header claims ${length} bytes, the file has ${size}`);
    const text = Buffer.alloc(length);
    readSync(file, text, 0, length, 8);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text.toString('utf8'));
    } catch {
      throw refuse('its header is not JSON');
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw refuse('its header is not a JSON object');
    return checkHeader(parsed as Record<string, unknown>, 8 + length, size, refuse);
  } finally {
    closeSync(file);
  }
}

function checkHeader(
  header: Record<string, unknown>,
  dataStart: number,
  size: number,
  refuse: (what: string) => PosttrainError,
): SafetensorsHeader {
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = value as Record<string, string>;
      continue;
    }
    const { dtype: stored, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
    const dtype = typeof stored === 'string' ? fromStored[stored] : undefined;
    if (!dtype) throw refuse(`tensor "${name}" has the element type ${JSON.stringify(stored)}, which is not supported`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw refuse(`tensor "${name}" has a malformed entry`);
    const [start, end] = [dataStart + offsets[0]!, dataStart + offsets[1]!];
    const bytes = shape.reduce((product, n) => product * n, 1) * dtypeWidth(dtype);
    if (end - start !== bytes)
      throw refuse(
        `tensor "${name}" [${shape.join(', ')}] ${stored} needs ${bytes} bytes, its entry has ${end - start}`,
      );
    if (end > size) throw refuse(`tensor "${name}" ends at byte ${end}, the file has ${size}; it was cut off`);
    tensors.set(name, { name, dtype, shape, start, end });
  }
  const ordered = [...tensors.values()].sort((a, b) => a.start - b.start);
  for (let i = 1; i < ordered.length; i++)
    if (ordered[i]!.start < ordered[i - 1]!.end)
      throw refuse(`tensors "${ordered[i - 1]!.name}" and "${ordered[i]!.name}" overlap`);
  return { tensors, metadata };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/**
 * A safetensors file mapped into memory: pages are read when a tensor is used. Views into the mapping keep it alive;
 * it is private, so writing to a view never reaches the file.
 */
export class SafetensorsFile implements Disposable {
  readonly path: string;
  readonly header: SafetensorsHeader;
  readonly #bytes: Tensor;

  constructor(path: string) {
    this.path = path;
    this.header = readSafetensorsHeader(path);
    this.#bytes = mapFile(path, false, statSync(path).size, 'uint8').keep();
  }

  /** A view of one stored tensor, in its stored type. */
  view(name: string): Tensor {
    const stored = this.header.tensors.get(name);
    if (!stored) throw new PosttrainError('weights-invalid', `${this.path} has no tensor "${name}".`);
    using slice = this.#bytes.narrow(0, stored.start, stored.end - stored.start);
    // The format does not promise alignment; a view of wider elements needs it.
    using aligned = stored.start % dtypeWidth(stored.dtype) === 0 ? slice : slice.clone();
    using typed = aligned.viewAs(stored.dtype);
    return typed.view(stored.shape);
  }

  [Symbol.dispose](): void {
    this.#bytes.dispose();
  }
}

/** Writes tensors to a safetensors file, in name order. The caller renames it into place when all is well. */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): void {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const name of names) {
    const tensor = tensors.get(name)!;
    const end = offset + tensor.count * dtypeWidth(tensor.dtype);
    header[name] = { dtype: toStored.get(tensor.dtype), shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const file = openSync(path, 'w');
  try {
    writeAll(file, length);
    writeAll(file, padded);
    const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(offset, 1)));
    for (const name of names) writeTensor(file, tensors.get(name)!, chunk);
  } finally {
    closeSync(file);
  }
}

function writeTensor(file: number, tensor: Tensor, chunk: Buffer): void {
  const total = tensor.count * dtypeWidth(tensor.dtype);
  using onCpu = tensor.toDevice('cpu', tensor.dtype);
  using plain = onCpu.contiguous();
  for (let done = 0; done < total; done += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, total - done));
    plain.readBytes(part, done);
    writeAll(file, part);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

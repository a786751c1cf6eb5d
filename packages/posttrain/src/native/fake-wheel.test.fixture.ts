/** Tiny wheels, folders that look like a libtorch, and an index that serves them on the loopback interface. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { Random } from '../support/random.ts';
import { askPip, askPython, type Python } from './python.ts';
import { PINNED_TORCH } from './torch-discovery.ts';
import { torchLibrary } from './torch-probe.ts';

export type Members = Readonly<Record<string, string | Buffer>>;

/** A zip archive of these members, deflated. */
export function zip(members: Members): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(members)) {
    const data = Buffer.from(content);
    const packed = deflateRawSync(data);
    const nameBytes = Buffer.from(name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt16LE(8, 8);
    header.writeUInt32LE(crc32(data), 14);
    header.writeUInt32LE(packed.length, 18);
    header.writeUInt32LE(data.length, 22);
    header.writeUInt16LE(nameBytes.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    header.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(offset, 42);
    locals.push(header, nameBytes, packed);
    entries.push(entry, nameBytes);
    offset += header.length + nameBytes.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length / 2, 8);
  end.writeUInt16LE(entries.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const noises = new Map<number, Buffer>();

/** Bytes that do not compress, the same each time. */
function noise(length: number): Buffer {
  const random = new Random(length);
  const known = noises.get(length) ?? Buffer.from(Uint8Array.from({ length }, () => random.uint32() & 255));
  noises.set(length, known);
  return known;
}

export const versionFile = (version: string, cuda: string | null = null) =>
  `from typing import Optional\n__version__ = '${version}'\ncuda: Optional[str] = ${cuda ? `'${cuda}'` : 'None'}\n`;

const metadata = (name: string, version: string, requires: readonly string[] = []) =>
  [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map((line) => `Requires-Dist: ${line}`),
    '',
  ].join('\n');

/** A wheel with all that pip wants to see. */
export function wheel(name: string, version: string, members: Members, requires: readonly string[] = []): Buffer {
  const info = `${name}-${version}.dist-info`;
  return zip({
    ...members,
    [`${info}/METADATA`]: metadata(name.replaceAll('_', '-'), version, requires),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  });
}

export const LIBRARY_BYTES = 2_000_000;
export const CUDA_BYTES = 3_000_000;

/** The members of a torch wheel; those that the CPU does not need are the larger part. */
export function torchMembers(cuda: string | null = null): Members {
  return {
    'torch/__init__.py': 'raise ImportError("never imported")\n',
    'torch/version.py': versionFile(cuda ? `${PINNED_TORCH}+cu130` : PINNED_TORCH, cuda),
    'torch/lib/libtorch_cuda.so': noise(CUDA_BYTES),
    [`torch/lib/${torchLibrary}`]: noise(LIBRARY_BYTES),
    'torch/lib/libc10.so': 'c10',
    'torch/lib/libtorch_python.so': 'python',
    'torch/include/ATen/ATen.h': '#pragma once\n',
  };
}

export const wheelName = (name: string, version: string) => `${name}-${version}-py3-none-any.whl`;

/** A temporary folder, removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeTree(folder: string, members: Members): void {
  for (const [name, content] of Object.entries(members)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** A torch package folder that passes the probe; returns its path. */
export function fakeTorch(site: string, version: string = PINNED_TORCH): string {
  writeTree(join(site, 'torch'), {
    'version.py': versionFile(version),
    '__init__.py': '',
    [`lib/${torchLibrary}`]: 'not really a library',
    'include/ATen/ATen.h': '#pragma once\n',
  });
  return join(site, 'torch');
}

/** Writes an executable shell script. */
export function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The machine's Python 3 if it has pip; null skips the tests that need it. */
export async function pythonWithPip(): Promise<Python | null> {
  const python = await askPython('python3');
  return python && (await askPip(python)).version ? python : null;
}

export interface Index {
  readonly url: string;
  /** Bytes of files sent so far. */
  served: number;
  /** After that many bytes of files every connection is cut. */
  cutAfter: number;
  /** Whether range requests are answered. */
  ranges: boolean;
  readonly requests: string[];
}

/** A package index with these wheels, by file name. */
export async function serveIndex(t: TestContext, wheels: Readonly<Record<string, Buffer>>): Promise<Index> {
  const index = { url: '', served: 0, cutAfter: Number.POSITIVE_INFINITY, ranges: true, requests: [] as string[] };
  const server = createServer((request, response) => answer(request, response, wheels, index));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  index.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`;
  return index;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  wheels: Readonly<Record<string, Buffer>>,
  index: Index,
): void {
  const path = request.url ?? '';
  index.requests.push(`${path} ${request.headers.range ?? ''}`.trim());
  const file = wheels[path.replace('/files/', '')];
  if (path.startsWith('/simple/')) {
    const project = path.split('/')[2]!.replaceAll('-', '_');
    const links = Object.keys(wheels).filter((name) => name.startsWith(`${project}-`));
    response.writeHead(links.length > 0 ? 200 : 404, { 'content-type': 'text/html' });
    response.end(
      `<!DOCTYPE html><html><body>${links.map((name) => `<a href="/files/${name}">${name}</a>`).join('\n')}</body></html>`,
    );
    return;
  }
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  const range = index.ranges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : null;
  const [start, end] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, file.length];
  const body = file.subarray(start, end);
  const allowed = Math.max(0, Math.min(body.length, index.cutAfter - index.served));
  index.served += allowed;
  const contentRange = range ? { 'content-range': `bytes ${start}-${end - 1}/${file.length}` } : {};
  response.writeHead(range ? 206 : 200, {
    'content-length': body.length,
    'content-type': 'application/zip',
    ...contentRange,
  });
  if (allowed === body.length) response.end(body);
  else response.write(body.subarray(0, allowed), () => response.destroy());
}

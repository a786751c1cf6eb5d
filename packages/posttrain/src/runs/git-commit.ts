import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The commit that is checked out in the repository around `folder`, read from its files; null outside of one. */
export function gitCommit(folder: string): string | null {
  const git = gitFolder(resolve(folder));
  if (git === null) return null;
  const head = read(join(git, 'HEAD'));
  if (head === null) return null;
  const name = /^ref: (.+)$/.exec(head)?.[1];
  if (name === undefined) return hash(head);
  // A worktree has its own HEAD and shares the branches of the repository it belongs to.
  const common = resolve(git, read(join(git, 'commondir')) ?? '.');
  return hash(read(join(git, name))) ?? hash(read(join(common, name))) ?? packed(common, name);
}

function gitFolder(folder: string): string | null {
  const path = join(folder, '.git');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return path;
  const target = stats === undefined ? null : /^gitdir: (.+)$/.exec(read(path) ?? '')?.[1];
  if (target) return resolve(folder, target);
  return dirname(folder) === folder ? null : gitFolder(dirname(folder));
}

function packed(git: string, name: string): string | null {
  const line = read(join(git, 'packed-refs'))
    ?.split('\n')
    .find((candidate) => candidate.endsWith(` ${name}`));
  return hash(line?.split(' ')[0] ?? null);
}

function hash(text: string | null): string | null {
  return text !== null && /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

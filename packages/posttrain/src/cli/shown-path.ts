import { relative, sep } from 'node:path';

/** A path as a person would type it here: relative where it lies below the current folder. */
export function shownPath(path: string): string {
  const short = relative('', path);
  return short === '' || short.startsWith(`..${sep}`) || short === '..' ? path : short;
}

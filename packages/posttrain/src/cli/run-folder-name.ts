import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';

/** Where runs go when --dir does not say. */
export const runsFolder = 'runs';

/** `runs/<recipe>-<n>` with the first number after all that are there. */
export async function nextRunFolder(recipeFile: string, root = runsFolder): Promise<string> {
  const numbers = await numbersOf(recipeFile, root);
  return join(root, `${nameOf(recipeFile)}-${Math.max(0, ...numbers) + 1}`);
}

/** The run of this recipe with the highest number, or undefined when there is none. */
export async function newestRunFolder(recipeFile: string, root = runsFolder): Promise<string | undefined> {
  const numbers = await numbersOf(recipeFile, root);
  return numbers.length === 0 ? undefined : join(root, `${nameOf(recipeFile)}-${Math.max(...numbers)}`);
}

function nameOf(recipeFile: string): string {
  return basename(recipeFile, extname(recipeFile));
}

async function numbersOf(recipeFile: string, root: string): Promise<number[]> {
  const prefix = `${nameOf(recipeFile)}-`;
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

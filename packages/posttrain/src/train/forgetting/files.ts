import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { companionFolders } from '../../models/model-folder.ts';
import type { ForgettingFiles, ResolvedRecipe } from '../../runs/recipe/resolved-recipe.ts';

/** Passages of public-domain books, for models that bring no text of their own. */
const bundledText = fileURLToPath(new URL('../../../assets/forgetting/text.jsonl', import.meta.url));
const ownFolder = 'forgetting';
const ownFiles = ['text.jsonl', 'text.txt', 'suite.jsonl'] as const;

/** What `auto` means for a model: the files in its folder `forgetting`, else the bundled text. */
export function settleForgetting(
  forgetting: ResolvedRecipe['forgetting'],
  modelFolder: string,
): false | ForgettingFiles {
  if (forgetting !== 'auto') return forgetting;
  const [rows, plain, suite] = ownFiles.map((name) => ownFile(modelFolder, name));
  const text = rows ?? plain;
  if (text === undefined && suite === undefined) return { text: bundledText };
  return { ...(text === undefined ? {} : { text }), ...(suite === undefined ? {} : { suite }) };
}

/** A model's own files go with its checkpoints, so that the next stage is measured on them too. */
export function copyForgettingFiles(from: string, to: string, base?: string): void {
  for (const name of ownFiles) {
    const path = ownFile(from, name, base);
    if (path === undefined) continue;
    mkdirSync(join(to, ownFolder), { recursive: true });
    copyFileSync(path, join(to, ownFolder, name));
  }
}

/** A file of the model's own, or of its base where the model is an adapter. */
function ownFile(modelFolder: string, name: string, base?: string): string | undefined {
  const paths = companionFolders(modelFolder, base).map((folder) => join(folder, ownFolder, name));
  return paths.find((path) => existsSync(path));
}

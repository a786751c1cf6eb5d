// Writes what is made from the schemas of recipes and studies: recipe.generated.ts, recipe.schema.json, docs/from-trl.md, study.schema.json.
// usage: node scripts/generate-recipe-types.mjs [BUILD]   BUILD is the folder tsc wrote, packages/posttrain/dist by default
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const build = resolve(process.argv[2] ?? join(root, 'packages/posttrain/dist'));

for (const schema of ['runs/recipe', 'study']) {
  const { generatedFiles } = await import(pathToFileURL(join(build, schema, 'generated-files.js')).href);
  for (const { path, text } of generatedFiles()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}

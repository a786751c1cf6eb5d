// The studies: npm run -s study -- NAME --json. Each is recipes/NAME/study.mjs; scripts/measurements.mjs says what one
// exports. Its last record is recipes/NAME/result.json, beside the README.md that asks the question.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runCollection } from '../scripts/measurements.mjs';

const folder = join(root, 'recipes');
const module = (name) => join(folder, name, 'study.mjs');

const names = readdirSync(folder)
  .filter((name) => existsSync(module(name)))
  .sort();

await runCollection({
  kind: 'study',
  files: Object.fromEntries(names.map((name) => [name, module(name)])),
  save: (name, record) => writeFileSync(join(folder, name, 'result.json'), `${JSON.stringify(record, null, 2)}\n`),
});

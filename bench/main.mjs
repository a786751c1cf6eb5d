// The benches: npm run -s bench -- NAME --json. Each is bench/NAME.mjs; scripts/measurements.mjs says what one exports.
// Every record is added to bench/results/NAME.jsonl.
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, runCollection } from '../scripts/measurements.mjs';

const folder = join(root, 'bench');
const results = join(folder, 'results');

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'main.mjs')
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();

await runCollection({
  kind: 'bench',
  files: Object.fromEntries(names.map((name) => [name, join(folder, `${name}.mjs`)])),
  save: (name, record) => {
    mkdirSync(results, { recursive: true });
    appendFileSync(join(results, `${name}.jsonl`), `${JSON.stringify(record)}\n`);
  },
});

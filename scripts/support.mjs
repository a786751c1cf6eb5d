// Writes docs/support.md: runs every cell of the support matrix and says what it did.
//   node scripts/support.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = (name) => import(pathToFileURL(join(root, 'packages/posttrain/dist', name)).href);
const { layouts, matrixMethods, runCell, ways, weights } = await built('testing/support-matrix.js');
const { supportPage } = await built('testing/support-page.js');

const outcomes = new Map();
const keyOf = ({ method, weights: trained, layout, way }) => [method, trained, layout, way].join(' ');
for (const [, method] of matrixMethods)
  for (const trained of weights)
    for (const layout of layouts)
      for (const way of ways) {
        const cell = { method, weights: trained, layout, way };
        const folder = mkdtempSync(join(tmpdir(), 'posttrain-support-'));
        outcomes.set(keyOf(cell), await runCell(cell, folder));
        rmSync(folder, { recursive: true });
      }
writeFileSync(
  join(root, 'docs/support.md'),
  supportPage((cell) => outcomes.get(keyOf(cell))),
);
console.log('docs/support.md');

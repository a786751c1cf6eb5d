import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Cell,
  layouts,
  learnsRows,
  matrixMethods,
  type Outcome,
  runCell,
  ways,
  weights,
} from './support-matrix.ts';
import { supportPage } from './support-page.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Sums in another order: float32 rounding over three steps; a resumed run repeats bit for bit. */
const tolerance = { whole: 0, accumulation: 2e-5, recomputation: 2e-6, resume: 0 } as const;

const outcomes = new Map<string, Outcome>();
const keyOf = ({ method, weights: trained, layout, way }: Cell) => [method, trained, layout, way].join(' ');

for (const [name, method] of matrixMethods)
  for (const trained of weights)
    for (const layout of layouts)
      test(`${name}, ${trained}, ${layout}: every way of running gives the same three steps, or is refused`, async (t) => {
        let reference: Outcome | undefined;
        for (const way of ways) {
          const cell: Cell = { method, weights: trained, layout, way };
          const outcome = await runCell(cell, temporaryFolder(t));
          outcomes.set(keyOf(cell), outcome);
          reference ??= outcome;
          if ('refused' in outcome || 'refused' in reference) {
            assert.deepEqual(outcome, reference, `${way} is refused as the whole is`);
            continue;
          }
          assert.equal(outcome.losses.length, 3);
          for (const kind of ['losses', 'gradNorms'] as const)
            for (const [i, value] of outcome[kind].entries()) {
              const expected = reference[kind][i]!;
              const error = Math.abs(value - expected) / Math.max(1e-3, Math.abs(expected));
              assert.ok(error <= tolerance[way], `${way}, step ${i + 1}: ${kind} ${value}, whole ${expected}`);
            }
        }
        assert.ok(reference !== undefined);
        const isRefused = 'refused' in reference;
        assert.equal(isRefused, expectsRefusal(method, trained, layout), JSON.stringify(reference));
      });

/** Judged answers are not packed, and the head of a reward model needs training. */
function expectsRefusal(method: string, trained: Cell['weights'], layout: Cell['layout']): boolean {
  return (layout === 'packed' && !learnsRows.has(method)) || (method === 'reward-model' && trained === 'LoRA');
}

test('docs/support.md says what these cells did', () => {
  const path = fileURLToPath(new URL('../../../../docs/support.md', import.meta.url));
  assert.equal(
    readFileSync(path, 'utf8'),
    supportPage((cell) => outcomes.get(keyOf(cell))!),
  );
});

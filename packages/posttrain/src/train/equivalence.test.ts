import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TokenRow } from '../data/types.ts';
import { type CausalLm, loadCausalLm } from '../models/index.ts';
import { Random } from '../support/random.ts';
import { manualSeed, scope, type Tensor } from '../tensor/index.ts';
import { assertNoLeak, goldenPath, relativeError } from '../testing/golden.ts';
import { backward, evaluate } from './backward.ts';
import { makeBatch, weightOf } from './batch.ts';
import { crossEntropy } from './objective.ts';

/** What must not change a loss or a gradient: how rows are grouped, ordered and recomputed. */

const random = new Random(3);
const rows: TokenRow[] = [9, 3, 14, 14, 1, 6, 30, 2].map((length, line) => ({
  tokens: Int32Array.from({ length }, () => random.int(128)),
  // Weights of 0, 1 and between: a target's share is its own.
  weights: Float32Array.from({ length }, (_, t) => (t === 0 ? 0 : random.pick([0, 1, 0.25]))),
  origin: { file: 'rows', line: line + 1 },
}));

function withModel<T>(body: (model: CausalLm) => T, folder = goldenPath('tiny/untied')): T {
  const { model } = loadCausalLm(folder);
  using _ = model.requireGrad(true);
  return body(model);
}

/** Loss and gradients of one optimizer step in these micro-batches. */
function step(
  model: CausalLm,
  microBatches: readonly (readonly TokenRow[])[],
  recompute = false,
): { loss: number; gradients: Tensor[] } {
  const total = weightOf(microBatches);
  let sum = 0;
  for (const [i, micro] of microBatches.entries()) {
    manualSeed(100 + i);
    sum += scope(() => backward(model, makeBatch([micro]), crossEntropy, { scale: 1 / total, recompute }).sum);
  }
  const gradients = scope(() => model.parameters().map((parameter) => parameter.grad!.clone()));
  for (const parameter of model.parameters()) parameter.grad = null;
  return { loss: sum / total, gradients };
}

function assertSame(a: ReturnType<typeof step>, b: ReturnType<typeof step>, tolerance: number): void {
  assert.ok(Math.abs(a.loss - b.loss) <= tolerance * b.loss, `loss ${a.loss}, expected ${b.loss}`);
  for (const [i, gradient] of a.gradients.entries())
    assert.ok(
      relativeError(gradient, b.gradients[i]!) <= tolerance,
      `gradient ${i}: ${relativeError(gradient, b.gradients[i]!)}`,
    );
  for (const gradient of [...a.gradients, ...b.gradients]) gradient.dispose();
}

test('accumulation: any split into micro-batches gives the same loss and gradients', () =>
  assertNoLeak(() =>
    withModel((model) => {
      assertSame(step(model, [rows.slice(0, 2), rows.slice(2, 3), rows.slice(3)]), step(model, [rows]), 2e-6);
    }),
  ));

test('packing: rows in one sequence are what each is alone', () =>
  assertNoLeak(() =>
    withModel((model) => {
      assertSame(
        step(
          model,
          rows.map((row) => [row]),
        ),
        step(model, [rows]),
        2e-6,
      );
    }),
  ));

test('order: rows may stand in any order', () =>
  assertNoLeak(() =>
    withModel((model) => {
      assertSame(step(model, [[...rows].reverse()]), step(model, [rows]), 2e-6);
    }),
  ));

test('padding: a longer neighbour, for which a short row is filled up inside attention, changes nothing', () =>
  assertNoLeak(() =>
    withModel((model) => {
      const short = rows.filter((row) => row.tokens.length < 8);
      const alone = scope(() => evaluate(model, makeBatch([short]), crossEntropy).sum);
      const long: TokenRow = {
        tokens: new Int32Array(64).fill(5),
        weights: new Float32Array(64),
        origin: { file: 'long', line: 1 },
      };
      const beside = scope(() => evaluate(model, makeBatch([[...short, long]]), crossEntropy).sum);
      assert.ok(Math.abs(alone - beside) <= 2e-6 * alone);
    }),
  ));

test('recompute: the gradients of plain backpropagation, bit for bit', () =>
  assertNoLeak(() =>
    withModel((model) => {
      assertSame(
        step(model, [rows.slice(0, 4), rows.slice(4)], true),
        step(model, [rows.slice(0, 4), rows.slice(4)]),
        0,
      );
    }),
  ));

test('recompute with dropout drops the same weights again; dropout itself changes the gradients', () =>
  assertNoLeak(() => {
    const folder = mkdtempSync(join(tmpdir(), 'dropout-'));
    try {
      for (const name of ['model.safetensors', 'config.json'])
        writeFileSync(join(folder, name), readFileSync(goldenPath(`tiny/untied/${name}`)));
      const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, attention_dropout: 0.3 }));
      const plain = withModel((model) => step(model, [rows]));
      withModel((model) => {
        const dropped = step(model, [rows]);
        assert.ok(Math.abs(dropped.loss - plain.loss) > 1e-3 * plain.loss, 'dropout is on');
        assertSame(step(model, [rows], true), dropped, 0);
      }, folder);
      for (const gradient of plain.gradients) gradient.dispose();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test('a token without weight has no say: changing it as a target alone changes nothing', () =>
  assertNoLeak(() =>
    withModel((model) => {
      // The last token is context for nothing, so with weight 0 it is nothing at all.
      const row: TokenRow = {
        tokens: Int32Array.of(4, 8, 15, 16),
        weights: Float32Array.of(0, 1, 1, 0),
        origin: { file: 'rows', line: 1 },
      };
      const other: TokenRow = { ...row, tokens: Int32Array.of(4, 8, 15, 99) };
      assertSame(step(model, [[row]]), step(model, [[other]]), 0);
    }),
  ));

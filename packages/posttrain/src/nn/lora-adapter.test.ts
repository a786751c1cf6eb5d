import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualSeed, noGrad, randn, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import { assertClose, assertNoLeak, valueTolerance } from '../testing/golden.ts';
import { Linear } from './linear.ts';
import { linearResidual, swigluLinearResidual } from './linear-residual.ts';
import { LoraAdapter } from './lora-adapter.ts';
import { normLinear } from './norm-linear.ts';
import { RmsNorm } from './rms-norm.ts';

/** A map [out, in] with an adapter of normal numbers. */
function adapted(inputs: number, outputs: number, dropout = 0): Linear {
  const linear = new Linear(inputs, outputs);
  linear.lora = new LoraAdapter(inputs, outputs, { rank: 2, scale: 0.5, dropout });
  noGrad(() => {
    for (const parameter of linear.parameters()) parameter.normal_(0, 0.5);
  });
  return linear;
}

const values = (numbers: readonly number[], shape: readonly number[]) => tensor(numbers, { shape });

test('y = W x + s · B (A x), by hand', () =>
  assertNoLeak(() =>
    scope(() => {
      using linear = adapted(2, 3);
      noGrad(() => {
        linear.weight.copy_(values([1, 0, 0, 1, 1, 1], [3, 2]));
        linear.lora!.a.copy_(values([1, 2, 0, 1], [2, 2])); // A x = [3 + 2·5, 5] = [13, 5]
        linear.lora!.b.copy_(values([1, 0, 0, 1, 2, -1], [3, 2])); // B A x = [13, 5, 21]
      });
      const x = values([3, 5], [1, 2]); // W x = [3, 5, 8]
      assert.deepEqual(toArray(linear.call(x)), [9.5, 7.5, 18.5]);
      linear.lora!.on = false;
      assert.deepEqual(toArray(linear.call(x)), [3, 5, 8]);
    }),
  ));

test('dropout: what A sees is x/(1 − p) or nothing, what W sees is x, and without training all of it', () =>
  assertNoLeak(() =>
    scope(() => {
      const [width, p] = [64, 0.25];
      using linear = new Linear(width, width);
      linear.lora = new LoraAdapter(width, width, { rank: width, scale: 1, dropout: p });
      noGrad(() => {
        const one = values(
          Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)),
          [width, width],
        );
        linear.weight.copy_(one.mul(10));
        linear.lora!.a.copy_(one);
        linear.lora!.b.copy_(one);
      });
      const x = values(new Array(50 * width).fill(3), [50, width]);
      manualSeed(1);
      const seen = toArray(linear.call(x, true)).map((y) => y - 30);
      const dropped = seen.filter((y) => y === 0).length / seen.length;
      assert.ok(seen.every((y) => y === 0 || Math.abs(y - 4) < 1e-4));
      assert.ok(Math.abs(dropped - p) < 0.03, `${dropped} are dropped`);
      assert.ok(toArray(linear.call(x)).every((y) => y === 33));
    }),
  ));

/** Each fused piece, with adapters of this dropout, on the same x. */
const pieces: Readonly<Record<string, (x: Tensor, dropout: number, training: boolean) => Tensor>> = {
  'norm and linears': (x, dropout, training) => {
    using norm = new RmsNorm(8, 1e-5);
    noGrad(() => norm.weight.fill_(1.5));
    manualSeed(2);
    using first = adapted(8, 6, dropout);
    using second = new Linear(8, 4);
    noGrad(() => second.weight.normal_(0, 1));
    using third = adapted(8, 5, dropout);
    manualSeed(3);
    return normLinear(x, norm, [first, second, third], training);
  },
  'linear and residual': (x, dropout, training) => {
    manualSeed(2);
    using linear = adapted(6, 8, dropout);
    const a = randn([x.shape[0]!, 6]);
    manualSeed(3);
    return linearResidual(x, a, linear, training);
  },
  'SwiGLU, linear and residual': (x, dropout, training) => {
    manualSeed(2);
    using linear = adapted(6, 8, dropout);
    const gateUp = randn([x.shape[0]!, 12]);
    manualSeed(3);
    return swigluLinearResidual(x, gateUp, linear, training);
  },
};

for (const [name, run] of Object.entries(pieces))
  test(`${name}: a dropout of next to nothing is none, one while not training has no say, a real one changes the sum`, () =>
    assertNoLeak(() =>
      scope(() => {
        manualSeed(4);
        const x = randn([9, 8]);
        const plain = run(x, 0, true);
        assertClose(run(x, 1e-9, true), plain, valueTolerance, 'training');
        assertClose(run(x, 0.9, false), plain, valueTolerance, 'not training');
        assert.ok(run(x, 0.9, true).sub(plain).abs().amax().item() > 0.1);
      }),
    ));

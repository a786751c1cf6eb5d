import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addon } from '../../native/binding.ts';
import { type CpuLevel, cpuLevel } from '../../native/cpu-level.ts';
import {
  adamwKernel_,
  type DType,
  fusedAdamw_,
  manualSeed,
  noGrad,
  randn,
  scope,
  setThreads,
  squaredSumKernel,
  type Tensor,
  tensor,
  toArray,
  zerosLike,
} from '../../tensor/index.ts';
import { assertClose } from '../../testing/golden.ts';
import { gradientNorm } from '../trainable.ts';

const all: readonly CpuLevel[] = ['baseline', 'x86-64-v3', 'avx512-bf16'];
const levels = all.slice(0, all.indexOf(cpuLevel()) + 1);
after(() => addon().useLevel(cpuLevel()));

/** Shapes whose elements fill no vector and no block, and are enough for several threads. */
const shapes = [[3], [70001], [5, 31]] as const;
const [lr, beta1, beta2, eps, decay, scale] = [1e-2, 0.9, 0.99, 1e-8, 0.1, 0.25] as const;

function start(dtype: DType): { weights: Tensor[]; gradients: Tensor[]; means: Tensor[]; squares: Tensor[] } {
  manualSeed(3);
  const weights = shapes.map((shape) => randn(shape));
  const gradients = shapes.map((shape) => randn(shape).toDtype(dtype));
  return { weights, gradients, means: weights.map((w) => zerosLike(w)), squares: weights.map((w) => zerosLike(w)) };
}

for (const level of levels)
  test(`the kernel at ${level} is libtorch's own AdamW on scaled gradients, and its copies are the rounded weights`, () =>
    scope(() =>
      noGrad(() => {
        addon().useLevel(level);
        for (const dtype of ['float32', 'bfloat16'] as const) {
          const [ours, theirs] = [start(dtype), start(dtype)];
          const copies = ours.weights.map((weight) => weight.toDtype('bfloat16'));
          for (const step of [1, 2, 3]) {
            const { weights, gradients, means, squares } = ours;
            adamwKernel_(weights, gradients, means, squares, copies, scale, lr, beta1, beta2, eps, decay, step);
            const scaled = theirs.gradients.map((gradient) => gradient.toDtype('float32').mul(scale));
            const counts = shapes.map(() => tensor([step], { shape: [] }));
            const state = [theirs.means, theirs.squares] as const;
            fusedAdamw_(theirs.weights, scaled, ...state, [], counts, lr, beta1, beta2, decay, eps, false, false);
          }
          for (const [i, weight] of ours.weights.entries()) {
            assertClose(weight, theirs.weights[i]!, 2e-6, `weight ${i}`);
            assertClose(ours.means[i]!, theirs.means[i]!, 2e-6, `mean ${i}`);
            assertClose(ours.squares[i]!, theirs.squares[i]!, 2e-6, `square ${i}`);
            assert.deepEqual(toArray(copies[i]!), toArray(weight.toDtype('bfloat16')), `copy ${i}`);
          }
        }
      }),
    ));

test('the gradient norm is that of all elements, the same on any number of threads, and NaN and Inf reach it', () =>
  scope(() => {
    for (const dtype of ['float32', 'bfloat16'] as const) {
      const { gradients } = start(dtype);
      const exact = Math.sqrt(gradients.flatMap(toArray).reduce((sum, x) => sum + x * x, 0));
      assert.ok(Math.abs(gradientNorm(gradients) / exact - 1) < 1e-5);
      const sums = [1, 2, 4].map((threads) => {
        setThreads(threads);
        return squaredSumKernel(gradients);
      });
      setThreads(1);
      assert.ok(
        sums.every((sum) => sum === sums[0]),
        String(sums),
      );
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        noGrad(() => gradients[1]!.narrow(0, 70_000, 1).fill_(bad));
        assert.ok(!Number.isFinite(gradientNorm(gradients)), `${bad} vanished`);
      }
    }
  }));

test('weights of another size than their gradients are refused', () =>
  scope(() => {
    const [weight, gradient] = [zerosLike(randn([4])), randn([5])];
    assert.throws(
      () => adamwKernel_([weight], [gradient], [weight], [weight], [weight], 1, lr, beta1, beta2, eps, decay, 1),
      { code: 'tensor-op', message: /adamw_ takes tensors of equal size/ },
    );
  }));

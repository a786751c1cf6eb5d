import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { addon } from '../native/binding.ts';
import type { CpuLevel } from '../native/cpu-level.ts';
import { cpuLevel } from '../native/cpu-level.ts';
import { type DType, manualSeed, noGrad, randn, scope, setThreads, type Tensor, toArray } from '../tensor/index.ts';
import { type FusedCase, fusedCases } from '../testing/fused-cases.ts';
import { assertClose, assertNoLeak, gradientTolerance, valueTolerance } from '../testing/golden.ts';

const all: readonly CpuLevel[] = ['baseline', 'x86-64-v3', 'avx512-bf16'];
const levels = all.slice(0, all.indexOf(cpuLevel()) + 1);
after(() => addon().useLevel(cpuLevel()));

type Leaves = Record<string, Tensor>;
type Outcome = { out: Tensor; gradients: Leaves };

/** The node's value, and the gradients of Σ out ∘ direction with one fixed direction. */
function outcome(leaves: Leaves, run: (leaves: Leaves) => Tensor): Outcome {
  const out = run(leaves);
  manualSeed(11);
  out.backward(randn(out.shape).toDtype(out.dtype));
  const gradients = Object.fromEntries(Object.entries(leaves).map(([name, leaf]) => [name, leaf.grad!]));
  for (const leaf of Object.values(leaves)) leaf.grad = null;
  return { out, gradients };
}

/** ‖a − b‖ / ‖b‖ */
const distance = (a: Tensor, b: Tensor) =>
  noGrad(() => a.toDtype('float64').sub(b.toDtype('float64')).norm(2).item() / b.toDtype('float64').norm(2).item());

/** The same leaves in float32. */
function widened(leaves: Leaves): Leaves {
  return Object.fromEntries(
    Object.entries(leaves).map(([name, leaf]) => {
      const wide = noGrad(() => leaf.toDtype('float32').clone());
      wide.requiresGrad = true;
      return [name, wide];
    }),
  );
}

for (const level of levels)
  for (const { name, make, fused, plain } of fusedCases) {
    test(`${name} at ${level}: values and gradients are those of the plain definition`, () =>
      assertNoLeak(() =>
        scope(() => {
          addon().useLevel(level);
          const leaves = make('float32');
          const [ours, theirs] = [outcome(leaves, fused), outcome(leaves, plain)];
          assertClose(ours.out, theirs.out, valueTolerance, name);
          for (const leaf of Object.keys(leaves))
            assertClose(ours.gradients[leaf]!, theirs.gradients[leaf]!, gradientTolerance, `d(${leaf})`);
        }),
      ));

    test(`${name} at ${level}: in bf16 no further from float32 than the plain definition is`, () =>
      assertNoLeak(() =>
        scope(() => {
          addon().useLevel(level);
          const leaves = make('bfloat16');
          const exact = outcome(widened(leaves), plain);
          const [ours, theirs] = [outcome(leaves, fused), outcome(leaves, plain)];
          const isNoWorse = (what: string, pick: (o: Outcome) => Tensor) => {
            const [own, other] = [distance(pick(ours), pick(exact)), distance(pick(theirs), pick(exact))];
            // Half as much again for what is saved in bf16 between the passes, where the plain definition keeps float32.
            assert.ok(own <= 1.5 * other + 1e-6, `${what}: ${own} from float32, the plain definition ${other}`);
          };
          isNoWorse('values', ({ out }) => out);
          for (const leaf of Object.keys(leaves)) isNoWorse(`d(${leaf})`, ({ gradients }) => gradients[leaf]!);
        }),
      ));

    test(`${name} at ${level}: one NaN or Inf in any input reaches the result or a gradient`, () =>
      scope(() => {
        addon().useLevel(level);
        for (const dtype of ['float32', 'bfloat16'] as const)
          for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
            for (const leaf of Object.keys(make(dtype)))
              assertBadReaches({ name, make, fused, plain }, dtype, leaf, bad);
      }));
  }

/** Sets one element of a leaf, or of the gradient that comes in, and looks for what is not finite. */
function assertBadReaches({ name, make, fused }: FusedCase, dtype: DType, leaf: string, bad: number): void {
  scope(() => {
    const leaves = make(dtype);
    // The embedding uses some rows alone; the first is one of them.
    noGrad(() => leaves[leaf]!.flatten().narrow(0, 3, 1).fill_(bad));
    const { out, gradients } = outcome(leaves, fused);
    const finite = [out, ...Object.values(gradients)].every((x) => x.toDtype('float32').isfinite().all().item() === 1);
    assert.ok(!finite, `${name}, ${dtype}: ${bad} in ${leaf} vanished`);
    const others = make(dtype);
    const value = fused(others);
    const direction = noGrad(() => randn(value.shape).toDtype(value.dtype));
    noGrad(() => direction.flatten().narrow(0, 3, 1).fill_(bad));
    value.backward(direction);
    const reached = Object.values(others).some((x) => x.grad!.toDtype('float32').isfinite().all().item() === 0);
    assert.ok(reached, `${name}, ${dtype}: ${bad} in the gradient vanished`);
  });
}

for (const { name, make, fused } of fusedCases)
  test(`${name}: 1, 2 and 4 threads each repeat bit for bit`, () =>
    scope(() => {
      addon().useLevel(cpuLevel());
      const before = addon().threads();
      for (const threads of [1, 2, 4])
        for (const dtype of ['float32', 'bfloat16'] as const) {
          setThreads(threads);
          const values = () => {
            const { out, gradients } = outcome(make(dtype), fused);
            return [out, ...Object.values(gradients)].map(toArray);
          };
          assert.deepEqual(values(), values(), `${threads} threads, ${dtype}`);
        }
      setThreads(before);
    }));

test('kernels run on libtorch’s own threads: one OpenMP runtime is in the process', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, () => {
  scope(() => {
    setThreads(2);
    for (const { make, fused } of fusedCases) outcome(make('float32'), fused);
    setThreads(1);
  });
  const mapped = new Set(readFileSync('/proc/self/maps', 'utf8').match(/\S*\/lib(gomp|omp|iomp5)[^/\s]*\.so\S*/g));
  assert.ok(mapped.size <= 1, [...mapped].join(', '));
});

test('the logits become their own gradient: a second backward is refused', () =>
  scope(() => {
    const loss = fusedCases.find(({ name }) => name === 'loss')!;
    const out = loss.fused(loss.make('float32')).sumAll();
    out.backward(undefined, { retainGraph: true });
    assert.throws(() => out.backward(), { code: 'tensor-op', message: /backward can run once/ });
  }));

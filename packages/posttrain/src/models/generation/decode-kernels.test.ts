import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addon } from '../../native/binding.ts';
import { cpuLevel, levelsUpTo } from '../../native/cpu-level.ts';
import { plainRmsNorm } from '../../nn/rms-norm.ts';
import { applyRotary, rotaryTable } from '../../nn/rotary.ts';
import {
  arange,
  cat,
  type DType,
  empty,
  manualSeed,
  randn,
  scaledDotProductAttention,
  scope,
  setThreads,
  type Tensor,
  tensor,
  threads,
  toTypedArray,
  zeros,
} from '../../tensor/index.ts';
import { assertClose, assertNoLeak } from '../../testing/golden.ts';

/** Beside float64: float32 sums in another order, or one rounding to bf16. */
const tolerance: Partial<Record<DType, number>> = { float32: 1e-5, bfloat16: 8e-3 };
const types: readonly DType[] = ['float32', 'bfloat16'];

/** Runs the body at every level that this processor has. */
function atEachLevel(body: (level: string) => void): void {
  try {
    for (const level of levelsUpTo(cpuLevel())) {
      addon().useLevel(level);
      scope(() => {
        manualSeed(3);
        body(level);
      });
    }
  } finally {
    addon().useLevel(cpuLevel());
  }
}

function withThreads<T>(count: number, body: () => T): T {
  const before = threads();
  setThreads(count);
  try {
    return body();
  } finally {
    setThreads(before);
  }
}

const random = (shape: readonly number[], dtype: DType) => randn(shape).toDtype(dtype);
const bytesOf = (x: Tensor) => Buffer.from(toTypedArray(x).buffer).toString('hex');

function packed(weight: Tensor): Tensor {
  const [outputs, inputs] = weight.shape as [number, number];
  const made = empty([Math.ceil(outputs / 32), inputs, 32], { dtype: weight.dtype });
  addon().packLinear(weight.alive(), made.alive());
  return made;
}

/** x += h·Wᵀ + b by the kernel, from x = 0. */
function linear(h: Tensor, weight: Tensor, bias: Tensor | null, rows: number): Tensor {
  const outputs = weight.shape[0]!;
  const x = zeros([rows, outputs]);
  addon().addLinear(h.alive(), rows, packed(weight).alive(), outputs, bias?.alive() ?? 0, x.alive());
  return x;
}

test('a packed linear layer is a linear layer, for any number of rows and outputs', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      for (const dtype of types)
        for (const [inputs, outputs] of [
          [64, 96],
          [10, 33],
          [130, 5],
        ] as const) {
          const [weight, bias] = [random([outputs, inputs], dtype), randn([outputs])];
          for (const rows of [1, 2, 3, 5, 11, 12, 13, 25, 100]) {
            const h = random([rows, inputs], dtype);
            const plain = h.toDtype('float64').linear(weight.toDtype('float64'), bias.toDtype('float64'));
            const what = `${level} ${dtype} ${rows}×${inputs}→${outputs}`;
            // Products of bf16 are exact in float32: nothing is rounded but the sum.
            assertClose(linear(h, weight, bias, rows), plain, 1e-5, what);
            assertClose(linear(h, weight, null, rows), plain.sub(bias.toDtype('float64')), 1e-5, `${what}, no bias`);
          }
        }
    }),
  ));

test('a row’s result does not depend on the rows beside it, nor on the threads', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      for (const dtype of types) {
        const weight = random([1000, 192], dtype);
        const h = random([120, 192], dtype);
        const all = bytesOf(linear(h, weight, null, 120));
        for (const count of [1, 2, 4])
          assert.equal(
            withThreads(count, () => bytesOf(linear(h, weight, null, 120))),
            all,
            `${level} ${dtype}, ${count} threads`,
          );
        for (const rows of [1, 3, 7, 12, 31]) {
          const alone = bytesOf(linear(h, weight, null, rows));
          assert.equal(alone, all.slice(0, alone.length), `${level} ${dtype}, ${rows} rows`);
        }
      }
    }),
  ));

test('norm, linear layer and SwiGLU in one are the three one after the other', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      for (const dtype of types)
        for (const inner of [48, 20]) {
          const [rows, width] = [9, 26];
          const [x, scale] = [randn([rows, width]), randn([width])];
          const [gate, up] = [random([inner, width], dtype), random([inner, width], dtype)];
          const whole = Math.ceil(inner / 16) * 16;
          const pad = (w: Tensor) => cat([w, zeros([whole - inner, width], { dtype })]);
          const woven: Tensor[] = [];
          for (let i = 0; i < whole; i += 16) woven.push(pad(gate).narrow(0, i, 16), pad(up).narrow(0, i, 16));
          const [normed, y] = [empty([rows, width], { dtype }), empty([rows, inner], { dtype })];
          const matrix = packed(cat(woven)).alive();
          addon().normLinear(
            x.alive(),
            rows,
            scale.alive(),
            1e-5,
            normed.alive(),
            matrix,
            2 * whole,
            0,
            y.alive(),
            true,
          );
          const h = plainRmsNorm(x, scale, 1e-5).toDtype(dtype).toDtype('float64');
          const [g, u] = [gate, up].map((w) => h.linear(w.toDtype('float64'))) as [Tensor, Tensor];
          assertClose(y, g.silu().mul(u), tolerance[dtype]!, `${level} ${dtype} ${inner}`);
        }
    }),
  ));

interface Attended {
  readonly out: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Sequences of `lengths` tokens, run in pieces of `piece` tokens; their blocks lie in an order that is not theirs. */
function attend(
  projected: Tensor,
  lengths: readonly number[],
  heads: number,
  kvHeads: number,
  width: number,
  piece: number,
): Attended {
  const { dtype } = projected;
  const each = Math.ceil(Math.max(...lengths) / 16);
  const count = lengths.length * each;
  const cell = kvHeads * 16;
  const [keys, values] = [width, Math.ceil(width / 16) * 16].map((wide) =>
    zeros([count, cell * wide], { dtype }).fill_(Number.NaN),
  ) as [Tensor, Tensor];
  const { cos, sin } = rotaryTable(arange(0, Math.max(...lengths), { dtype: 'int64' }), frequencies(width));
  const outs: Tensor[] = [];
  let first = 0;
  for (const [sequence, length] of lengths.entries()) {
    const blocks = Int32Array.from({ length: each }, (_, i) => (7 * (sequence * each + i) + 3) % count);
    for (let done = 0; done < length; done += piece) {
      const tokens = Math.min(piece, length - done);
      const part = projected.narrow(0, first + done, tokens).clone();
      const out = empty([tokens, heads * width], { dtype });
      const starts = Int32Array.of(0, tokens);
      const [k, v] = [keys.alive(), values.alive()];
      const cached = Int32Array.of(done);
      addon().cachedAttention(
        part.alive(),
        heads,
        kvHeads,
        starts,
        cached,
        blocks,
        cos.alive(),
        sin.alive(),
        k,
        v,
        out.alive(),
      );
      outs.push(out);
    }
    first += length;
  }
  return { out: cat(outs), keys, values };
}

const frequencies = (width: number) => Array.from({ length: width / 2 }, (_, i) => 1 / 10 ** (i / width));

/** The same by plain operators, in float64. */
function attendPlainly(
  projected: Tensor,
  lengths: readonly number[],
  heads: number,
  kvHeads: number,
  width: number,
): Tensor {
  let first = 0;
  return cat(
    lengths.map((length) => {
      const { cos, sin } = rotaryTable(arange(0, length, { dtype: 'int64' }), frequencies(width));
      const part = (start: number, count: number) =>
        projected
          .narrow(0, first, length)
          .narrow(1, start * width, count * width)
          .reshape([length, count, width]);
      const turned = (x: Tensor) => applyRotary(x, { cos, sin }).toDtype('float64');
      const [query, key] = [turned(part(0, heads)), turned(part(heads, kvHeads))];
      const value = part(heads + kvHeads, kvHeads).toDtype('float64');
      first += length;
      const [q, k, v] = [query, key, value].map((x) => x.transpose(0, 1).unsqueeze(0)) as [Tensor, Tensor, Tensor];
      return scaledDotProductAttention(q, k, v, null, 0, true, null, true)
        .squeeze(0)
        .transpose(0, 1)
        .reshape([length, heads * width]);
    }),
  );
}

test('cached attention is causal attention of each sequence, whether it comes whole, in pieces or token by token', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      for (const dtype of types)
        for (const [heads, kvHeads, width] of [
          [6, 2, 16],
          [9, 3, 64],
          [4, 4, 8],
          [5, 1, 24],
        ] as const) {
          const lengths = [37, 1, 16, 90];
          const projected = random([144, (heads + 2 * kvHeads) * width], dtype);
          const plain = attendPlainly(projected, lengths, heads, kvHeads, width);
          for (const piece of [100, 24, 1]) {
            const { out } = attend(projected, lengths, heads, kvHeads, width, piece);
            assertClose(
              out,
              plain,
              tolerance[dtype]! * 2,
              `${level} ${dtype} ${heads}/${kvHeads}×${width} by ${piece}`,
            );
          }
        }
    }),
  ));

test('cached attention repeats bitwise with 1, 2 and 4 threads', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      const projected = random([300, 15 * 64], 'bfloat16');
      const run = () => bytesOf(attend(projected, [300], 9, 3, 64, 300).out);
      const once = withThreads(1, run);
      for (const count of [1, 2, 4]) assert.equal(withThreads(count, run), once, `${level}, ${count} threads`);
    }),
  ));

test('NaN and Inf in anything that a kernel reads reach its result', () =>
  assertNoLeak(() =>
    atEachLevel((level) => {
      const finite = (x: Tensor) => x.toDtype('float32').isfinite().all().item() === 1;
      const spoiled = (x: Tensor, bad: number) => {
        const copy = x.clone();
        copy.view([-1]).narrow(0, 3, 1).fill_(bad);
        return copy;
      };
      for (const dtype of types)
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          const what = `${level} ${dtype} ${bad}`;
          const [h, weight, bias] = [random([4, 40], dtype), random([70, 40], dtype), randn([70])];
          assert.ok(finite(linear(h, weight, bias, 4)), what);
          assert.ok(!finite(linear(spoiled(h, bad), weight, bias, 4)), `${what}: input`);
          assert.ok(!finite(linear(h, spoiled(weight, bad), bias, 4)), `${what}: weight`);
          assert.ok(!finite(linear(h, weight, spoiled(bias, bad), 4)), `${what}: bias`);
          const normed = (x: Tensor, scale: Tensor) => {
            const [out, y] = [empty([4, 40], { dtype }), empty([4, 70])];
            addon().normLinear(
              x.alive(),
              4,
              scale.alive(),
              1e-5,
              out.alive(),
              packed(weight).alive(),
              70,
              0,
              y.alive(),
              false,
            );
            return y;
          };
          const [x, scale] = [randn([4, 40]), randn([40])];
          assert.ok(finite(normed(x, scale)), what);
          assert.ok(!finite(normed(spoiled(x, bad), scale)), `${what}: norm's input`);
          assert.ok(!finite(normed(x, spoiled(scale, bad))), `${what}: norm's weight`);
          // 2 queries, 1 key and 1 value of 16: the fourth element of each in turn.
          const projected = random([20, 64], dtype);
          assert.ok(finite(attend(projected, [20], 2, 1, 16, 20).out), what);
          for (const channel of [3, 19, 35, 51]) {
            const broken = projected.clone();
            broken.narrow(1, channel, 1).fill_(bad);
            assert.ok(!finite(attend(broken, [20], 2, 1, 16, 20).out), `${what}: attention, channel ${channel}`);
          }
        }
    }),
  ));

test('what does not fit is refused before memory is touched', () => {
  scope(() => {
    const [h, weight, x] = [randn([4, 8]), randn([8, 8]), zeros([4, 8])];
    const matrix = packed(weight);
    const refused = (message: RegExp, body: () => void) => assert.throws(body, { code: 'tensor-op', message });
    refused(/does not hold 5 rows of 8/, () => addon().addLinear(h.alive(), 5, matrix.alive(), 8, 0, x.alive()));
    refused(/another number of outputs/, () => addon().addLinear(h.alive(), 4, matrix.alive(), 40, 0, x.alive()));
    refused(/outside the vocabulary/, () => addon().embedRows(weight.alive(), Int32Array.of(8), x.alive()));
    const odd = randn([8, 7]).toDtype('bfloat16');
    const room = empty([1, 7, 32], { dtype: 'bfloat16' });
    refused(/even number of inputs/, () => addon().packLinear(odd.alive(), room.alive()));
    const ids = tensor([1, 2, 3], { dtype: 'int64' });
    refused(/must be contiguous/, () => addon().takeRows(ids.alive(), Int32Array.of(0)));
  });
});

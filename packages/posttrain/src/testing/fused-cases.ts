import { plainEmbedding } from '../nn/embedding.ts';
import { PackedAttention } from '../nn/index.ts';
import { Linear } from '../nn/linear.ts';
import { plainLinearResidual, plainSwigluLinearResidual } from '../nn/linear-residual.ts';
import { LoraAdapter } from '../nn/lora-adapter.ts';
import { plainNormLinear } from '../nn/norm-linear.ts';
import { plainRmsNorm, RmsNorm } from '../nn/rms-norm.ts';
import { type RotaryTable, rotaryTable } from '../nn/rotary.ts';
import { plainRotaryAttention } from '../nn/rotary-attention.ts';
import { logpsOf } from '../nn/target-logps.ts';
import {
  type DType,
  embeddingKernel,
  linearResidualKernel,
  linearResidualLoraKernel,
  manualSeed,
  normKernel,
  normLinearKernel,
  normLinearLoraKernel,
  randn,
  rotaryAttentionKernel,
  swigluLinearResidualKernel,
  swigluLinearResidualLoraKernel,
  type Tensor,
  targetLogpsKernel,
  tensor,
} from '../tensor/index.ts';

/** A fused node and the plain definition beside it, on the same leaves. */
export interface FusedCase {
  readonly name: string;
  /** Leaves by name; those of `matrix` are in the type that is multiplied in, the others float32. */
  make(matrix: DType): Record<string, Tensor>;
  fused(leaves: Record<string, Tensor>): Tensor;
  plain(leaves: Record<string, Tensor>): Tensor;
}

/** Odd sizes: rows that fill no block, widths that fill no vector, and enough of both that threads share the work. */
const [tokens, width, inner, vocabulary] = [403, 90, 154, 211] as const;
const epsilon = 1e-5;
const [rank, scale] = [5, 1.75] as const; // of adapters
const lengths = [1, 130, 64, 7, 65, 136] as const; // of documents; they sum to `tokens`
const [heads, kvHeads, headWidth] = [6, 2, 22] as const;

function linearOf(weight: Tensor): Linear {
  return replaced(new Linear(1, 1), weight);
}

/** A frozen map with an adapter beside it. */
function adapted(weight: Tensor, a: Tensor, b: Tensor): Linear {
  const linear = linearOf(weight);
  linear.lora = new LoraAdapter(1, 1, { rank: 1, scale, dropout: 0 });
  for (const part of [linear.lora.a, linear.lora.b]) part.dispose();
  Object.assign(linear.lora, { a, b });
  return linear;
}

/** A frozen weight: it is no leaf, and has no gradient. */
const frozen = (shape: readonly [number, number], dtype: DType) => {
  manualSeed(shape[0]);
  return randn(shape).toDtype(dtype);
};

function normOf(weight: Tensor): RmsNorm {
  return replaced(new RmsNorm(1, epsilon), weight);
}

function replaced<M extends { weight: Tensor }>(module: M, weight: Tensor): M {
  module.weight.dispose();
  module.weight = weight;
  return module;
}

/** Leaves of normal numbers; the scale keeps softmax and SiLU where they bend. */
function leaves(shapes: Record<string, readonly [shape: readonly number[], dtype: DType, scale?: number]>) {
  manualSeed(7);
  const made: Record<string, Tensor> = {};
  for (const [name, [shape, dtype, scale = 1]] of Object.entries(shapes)) {
    made[name] = randn(shape).mul(scale).toDtype(dtype).detach();
    made[name].requiresGrad = true;
  }
  return made;
}

const someIds = (count: number, below: number) =>
  tensor(
    Array.from({ length: count }, (_, i) => (i * i * 31 + 7 * i) % below),
    { dtype: 'int64' },
  );

function rotaryOf(context: PackedAttention): RotaryTable {
  const frequencies = Array.from({ length: headWidth / 2 }, (_, i) => 100 ** (-i / headWidth));
  return rotaryTable(context.positions, frequencies);
}

export const fusedCases: readonly FusedCase[] = [
  {
    name: 'norm',
    make: () => leaves({ x: [[tokens, width], 'float32'], norm: [[width], 'float32'] }),
    fused: ({ x, norm }) => normKernel(x!, norm!, epsilon),
    plain: ({ x, norm }) => plainRmsNorm(x!, norm!, epsilon),
  },
  {
    name: 'norm-linear',
    make: (matrix) =>
      leaves({
        x: [[tokens, width], 'float32'],
        norm: [[width], 'float32'],
        first: [[50, width], matrix],
        second: [[33, width], matrix],
      }),
    fused: ({ x, norm, first, second }) => normLinearKernel(x!, norm!, [first!, second!], epsilon),
    plain: ({ x, norm, first, second }) => plainNormLinear(x!, normOf(norm!), [linearOf(first!), linearOf(second!)]),
  },
  {
    name: 'linear-residual',
    make: (matrix) =>
      leaves({ x: [[tokens, width], 'float32'], a: [[tokens, inner], matrix], weight: [[width, inner], matrix] }),
    fused: ({ x, a, weight }) => linearResidualKernel(x!, a!, weight!),
    plain: ({ x, a, weight }) => plainLinearResidual(x!, a!, linearOf(weight!)),
  },
  {
    name: 'swiglu',
    make: (matrix) =>
      leaves({
        x: [[tokens, width], 'float32'],
        gateUp: [[tokens, 2 * inner], matrix, 2],
        weight: [[width, inner], matrix],
      }),
    fused: ({ x, gateUp, weight }) => swigluLinearResidualKernel(x!, gateUp!, weight!),
    plain: ({ x, gateUp, weight }) => plainSwigluLinearResidual(x!, gateUp!, linearOf(weight!)),
  },
  {
    name: 'attention',
    make: (matrix) => leaves({ qkv: [[tokens, (heads + 2 * kvHeads) * headWidth], matrix] }),
    fused: ({ qkv }) => {
      using context = new PackedAttention(lengths);
      const rotary = rotaryOf(context);
      const scale = 1 / Math.sqrt(headWidth);
      return rotaryAttentionKernel(qkv!, rotary.cos, rotary.sin, context.documents, heads, kvHeads, scale);
    },
    plain: ({ qkv }) => {
      using context = new PackedAttention(lengths);
      const rotary = rotaryOf(context);
      return plainRotaryAttention(qkv!, context, rotary, { heads, kvHeads, layer: 0, dropout: 0 });
    },
  },
  {
    name: 'loss',
    make: (matrix) => leaves({ hidden: [[tokens, width], 'float32'], weight: [[vocabulary, width], matrix, 0.3] }),
    fused: ({ hidden, weight }) => targetLogpsKernel(hidden!, weight!, someIds(tokens, vocabulary)),
    plain: ({ hidden, weight }) =>
      logpsOf(hidden!.toDtype(weight!.dtype).linear(weight!).toDtype('float32'), someIds(tokens, vocabulary)),
  },
  {
    name: 'embedding',
    make: (matrix) => leaves({ weight: [[vocabulary, width], matrix] }),
    fused: ({ weight }) => embeddingKernel(weight!, someIds(tokens, 40), weight!),
    plain: ({ weight }) => plainEmbedding(weight!, someIds(tokens, 40), weight!),
  },
  {
    name: 'norm-linear with adapters',
    make: (matrix) =>
      leaves({
        x: [[tokens, width], 'float32'],
        norm: [[width], 'float32'],
        a: [[rank, width], matrix],
        b: [[50, rank], matrix],
        otherA: [[rank + 2, width], matrix],
        otherB: [[21, rank + 2], matrix],
      }),
    // The map in the middle has none.
    fused: ({ x, norm, a, b, otherA, otherB }) => {
      const weights = [50, 33, 21].map((outputs) => frozen([outputs, width], a!.dtype));
      return normLinearLoraKernel(x!, norm!, weights, [a!, otherA!], [b!, otherB!], [0, 2], epsilon, scale);
    },
    plain: ({ x, norm, a, b, otherA, otherB }) => {
      const [first, second, third] = [50, 33, 21].map((outputs) => frozen([outputs, width], a!.dtype));
      const linears = [adapted(first!, a!, b!), linearOf(second!), adapted(third!, otherA!, otherB!)];
      return plainNormLinear(x!, normOf(norm!), linears);
    },
  },
  {
    name: 'linear-residual with an adapter',
    make: (matrix) =>
      leaves({
        x: [[tokens, width], 'float32'],
        input: [[tokens, inner], matrix],
        a: [[rank, inner], matrix],
        b: [[width, rank], matrix],
      }),
    fused: ({ x, input, a, b }) =>
      linearResidualLoraKernel(x!, input!, frozen([width, inner], a!.dtype), a!, b!, scale),
    plain: ({ x, input, a, b }) => plainLinearResidual(x!, input!, adapted(frozen([width, inner], a!.dtype), a!, b!)),
  },
  {
    name: 'swiglu with an adapter',
    make: (matrix) =>
      leaves({
        x: [[tokens, width], 'float32'],
        gateUp: [[tokens, 2 * inner], matrix, 2],
        a: [[rank, inner], matrix],
        b: [[width, rank], matrix],
      }),
    fused: ({ x, gateUp, a, b }) =>
      swigluLinearResidualLoraKernel(x!, gateUp!, frozen([width, inner], a!.dtype), a!, b!, scale),
    plain: ({ x, gateUp, a, b }) =>
      plainSwigluLinearResidual(x!, gateUp!, adapted(frozen([width, inner], a!.dtype), a!, b!)),
  },
];

import { addon, type Handle } from '../../native/binding.ts';
import { kernelOn } from '../../native/kernel-switch.ts';
import type { Linear, RmsNorm } from '../../nn/index.ts';
import { cat, empty, noGrad, scope, stack, type Tensor, zeros } from '../../tensor/index.ts';
import type { CausalLm } from '../causal-lm.ts';
import type { DecoderBlock, DecoderParts } from '../decoder-parts.ts';

/** Outputs that lie together in a packed matrix, as in native/kernels/packed-linear.h. */
const panel = 32;
/** Gates, and the ups that belong to them, that share a panel. */
const gates = panel / 2;

/** A matrix, or several that are applied to the same input, as the kernels read it. */
export interface PackedLinear {
  readonly packed: Tensor; // [panels, inputs, 32]
  readonly outputs: number;
  readonly bias: Tensor | null; // float32 [outputs]
  readonly handle: Handle;
  readonly biasHandle: Handle; // 0: none
}

export interface PackedBlock {
  readonly attentionNorm: RmsNorm;
  readonly projection: PackedLinear; // queries, keys, values
  readonly output: PackedLinear;
  readonly mlpNorm: RmsNorm;
  readonly gateUp: PackedLinear;
  readonly down: PackedLinear;
}

/** What one packed matrix is made of. */
interface Source {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: () => Tensor;
  readonly bias: (() => Tensor) | null;
}

/**
 * A second copy of a model's matrices, in the order in which a decoding step reads them. It takes as many bytes again
 * as the matrices (`bytes`) and is made at the speed of memory, so that training makes it anew for each phase of rollouts.
 */
export class PackedWeights implements Disposable {
  readonly blocks: readonly PackedBlock[];
  readonly head: PackedLinear;
  readonly parts: DecoderParts;
  readonly bytes: number;
  readonly #arena: Tensor;
  readonly #made: { readonly source: Source; readonly to: PackedLinear }[] = [];

  /** @returns the packed weights, or null where the kernels are off or do not fit the model. */
  static of(model: CausalLm): PackedWeights | null {
    const parts = model.decoderParts;
    return kernelOn('decode') && parts && fits(parts) ? new PackedWeights(parts) : null;
  }

  /** @param parts of element types and sizes that `of` accepts. */
  constructor(parts: DecoderParts) {
    this.parts = parts;
    const planned = parts.blocks.map(planBlock);
    const head = { outputs: parts.head.shape[0]!, inputs: parts.head.shape[1]!, weight: () => parts.head, bias: null };
    const sizes = [...planned.flatMap((block) => Object.values(block)), head].map(sizeOf);
    const { dtype } = parts.head;
    const count = sizes.reduce((sum, size) => sum + size, 0);
    this.#arena = empty([count], { dtype }).keep();
    addon().useLargePages(this.#arena.alive());
    this.bytes = count * (dtype === 'bfloat16' ? 2 : 4);
    let start = 0;
    const place = (source: Source): PackedLinear => {
      const size = sizeOf(source);
      const packed = scope(() => this.#arena.narrow(0, start, size).view([-1, source.inputs, panel])).keep();
      start += size;
      const bias = source.bias ? zeros([source.outputs]).keep() : null;
      const to = { packed, outputs: source.outputs, bias, handle: packed.alive(), biasHandle: bias?.alive() ?? 0 };
      this.#made.push({ source, to });
      return to;
    };
    this.blocks = planned.map(({ projection, output, gateUp, down }, layer) => {
      const { attentionNorm, mlpNorm } = parts.blocks[layer]!;
      return {
        attentionNorm,
        projection: place(projection),
        output: place(output),
        mlpNorm,
        gateUp: place(gateUp),
        down: place(down),
      };
    });
    this.head = place(head);
    this.repack();
  }

  /** Takes the model's weights as they are now. */
  repack(): void {
    noGrad(() => {
      for (const { source, to } of this.#made)
        scope(() => {
          addon().packLinear(source.weight().contiguous().alive(), to.handle);
          if (source.bias) to.bias!.copy_(source.bias());
        });
    });
  }

  [Symbol.dispose](): void {
    for (const { to } of this.#made) {
      to.packed.dispose();
      to.bias?.dispose();
    }
    this.#arena.dispose();
  }
}

/** Whether all matrices are of one element type that has kernels, on the CPU, in sizes the kernels take, and complete: an adapter stands apart. */
function fits(parts: DecoderParts): boolean {
  const { dtype, device } = parts.head;
  if (device !== 'cpu' || (dtype !== 'bfloat16' && dtype !== 'float32')) return false;
  const linears = parts.blocks.flatMap(({ query, key, value, output, gate, up, down }) => [
    query,
    key,
    value,
    output,
    gate,
    up,
    down,
  ]);
  if (linears.some(({ lora }) => lora)) return false;
  return [parts.embedding, ...linears.map(({ weight }) => weight)].every(
    (weight) => weight.dtype === dtype && weight.device === device && weight.shape[1]! % 2 === 0,
  );
}

const sizeOf = ({ outputs, inputs }: Source) => Math.ceil(outputs / panel) * panel * inputs;

function planBlock({ query, key, value, output, gate, up, down }: DecoderBlock) {
  return {
    projection: together([query, key, value]),
    output: together([output]),
    gateUp: interleaved(gate, up),
    down: together([down]),
  };
}

/** Matrices one below the other. */
function together(linears: readonly Linear[]): Source {
  const shapes = linears.map(({ weight }) => weight.shape as [number, number]);
  const biased = linears.some(({ bias }) => bias);
  return {
    outputs: shapes.reduce((sum, [outputs]) => sum + outputs, 0),
    inputs: shapes[0]![1],
    weight: () => (linears.length === 1 ? linears[0]!.weight : cat(linears.map(({ weight }) => weight))),
    bias: biased ? () => cat(linears.map(({ bias }, i) => bias ?? zeros([shapes[i]![0]]))) : null,
  };
}

/** 16 rows of the gate's matrix, 16 of up's, and so on: both factors of a channel come out of one panel. */
function interleaved(gate: Linear, up: Linear): Source {
  const [inner, inputs] = gate.weight.shape as [number, number];
  const whole = Math.ceil(inner / gates) * gates;
  const weave = (rows: readonly [Tensor, Tensor], width: readonly number[]) => {
    const padded = rows.map((x) =>
      whole === inner ? x : cat([x, zeros([whole - inner, ...width], { dtype: x.dtype })]),
    );
    return stack(
      padded.map((x) => x.view([-1, gates, ...width])),
      1,
    ).reshape([2 * whole, ...width]);
  };
  const { bias: gateBias } = gate;
  const { bias: upBias } = up;
  return {
    outputs: 2 * whole,
    inputs,
    weight: () => weave([gate.weight, up.weight], [inputs]),
    bias: gateBias || upBias ? () => weave([gateBias ?? zeros([inner]), upBias ?? zeros([inner])], []) : null,
  };
}

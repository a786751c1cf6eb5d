import { createRequire } from 'node:module';
import { PosttrainError } from '../support/errors.ts';
import { arenaWanted } from './arena-switch.ts';
import { cpuLevel } from './cpu-level.ts';
import { recordedAddon } from './setup.ts';

/** A tensor in the addon's table; 0 is no tensor. */
export type Handle = number;
/** What an operator accepts besides handles. Arrays of numbers are lists of integers, floats or handles, as the schema says. */
export type Argument = Handle | number | boolean | string | readonly (number | boolean | null)[] | null | undefined;

/** The addon as it is. Sizes are in elements, memory in bytes. */
export interface Addon {
  setErrorFactory(make: (message: string) => Error): void;
  findOp(name: string, overload: string): number;
  schemaOf(op: number): string;
  call(op: number, ...args: readonly Argument[]): never;
  release(handle: Handle): void;
  releaseAll(handles: readonly Handle[]): void;
  sizes(handle: Handle): number[];
  dtype(handle: Handle): number;
  device(handle: Handle): string;
  fromBytes(bytes: NodeJS.TypedArray, dtype: number, sizes: readonly number[]): Handle;
  readBytes(handle: Handle, offset: number, target: NodeJS.TypedArray): void;
  item(handle: Handle): number;
  backward(handle: Handle, gradient: Handle | null, retainGraph: boolean): void;
  grad(handle: Handle): Handle;
  setGrad(handle: Handle, gradient: Handle | null): void;
  requiresGrad(handle: Handle): boolean;
  setRequiresGrad(handle: Handle, on: boolean): void;
  setGradEnabled(on: boolean): boolean;
  setThreads(count: number): void;
  threads(): number;
  manualSeed(device: string, seed: number): void;
  rngState(device: string): Handle;
  setRngState(device: string, state: Handle): void;
  keepMemory(inArena: boolean): boolean;
  memory(): {
    live: number;
    liveBytes: number;
    arenaUsed: number;
    arenaMost: number;
    arenaFree: number;
    peakRss: number;
  };
  trim(): void;
  live(): number;
  useLevel(name: string): void;
  level(): string;
  useLargePages(handle: Handle): void;
  packLinear(weight: Handle, packed: Handle): void;
  embedRows(table: Handle, tokens: Int32Array, x: Handle): void;
  takeRows(x: Handle, rows: Int32Array): void;
  normLinear(
    x: Handle,
    rows: number,
    norm: Handle,
    epsilon: number,
    normed: Handle,
    packed: Handle,
    outputs: number,
    bias: Handle,
    y: Handle,
    gated: boolean,
  ): void;
  addLinear(h: Handle, rows: number, packed: Handle, outputs: number, bias: Handle, x: Handle): void;
  cachedAttention(
    projected: Handle,
    heads: number,
    kvHeads: number,
    starts: Int32Array,
    lengths: Int32Array,
    blocks: Int32Array,
    cos: Handle,
    sin: Handle,
    keys: Handle,
    values: Handle,
    out: Handle,
  ): void;
  sampleRows(
    logits: Handle,
    temperature: number,
    topK: number,
    topP: number,
    minP: number,
    uniform: Float64Array,
    tokens: Int32Array,
    logps: Float32Array,
  ): void;
  build(): { torch: string; cpu: string; cuda: boolean };
}

let loaded: Addon | undefined;

/** The addon, loaded on the first use of a tensor and never before. @throws torch-missing when nothing is set up yet. */
export function addon(): Addon {
  return loaded ?? load();
}

function load(): Addon {
  const path = recordedAddon();
  try {
    loaded = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw new PosttrainError(
      'torch-missing',
      `libtorch's addon at ${path} cannot be loaded: ${(cause as Error).message}`,
      {
        help: 'run `posttrain setup --force` to build it anew; `posttrain doctor` shows what it finds.',
        cause,
      },
    );
  }
  loaded.setErrorFactory((message) => {
    const freed = message.includes('was freed') || message.includes('a freed tensor');
    return new PosttrainError(freed ? 'tensor-disposed' : 'tensor-op', message);
  });
  loaded.useLevel(cpuLevel());
  loaded.keepMemory(arenaWanted());
  return loaded;
}

/** True once libtorch is in this process. */
export function isLoaded(): boolean {
  return loaded !== undefined;
}

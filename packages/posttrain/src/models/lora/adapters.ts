import { Linear, LoraAdapter } from '../../nn/index.ts';
import { Random } from '../../support/random.ts';
import { manualSeed, type NotAsync, noGrad, scope, type Tensor } from '../../tensor/index.ts';
import type { Decoder } from '../decoder.ts';
import { chooseTargets, type LoraTargets } from './targets.ts';

/** How adapters are made: the recipe's `lora`, or what PEFT's adapter_config.json says. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: LoraTargets;
  readonly dropout: number;
  /** The scale is alpha/√rank instead of alpha/rank (rsLoRA). */
  readonly rankStabilized: boolean;
}

/** Every linear map of the blocks by its name; the head is none of them. */
export function blockLinears(model: Decoder): Map<string, Linear> {
  const inBlocks = new Set(model.blocks.flatMap((block) => [...block.namedModules()].map(([, part]) => part)));
  const linears = new Map<string, Linear>();
  for (const [name, part] of model.namedModules())
    if (part instanceof Linear && inBlocks.has(part)) linears.set(name, part);
  return linears;
}

/** The adapters that a model has, by the name of the linear map that each stands beside. */
export function adaptersOf(model: Decoder): Map<string, LoraAdapter> {
  return new Map([...blockLinears(model)].flatMap(([name, { lora }]) => (lora ? [[name, lora] as const] : [])));
}

/**
 * Puts fresh adapters beside the targets, in float32: A uniform in ±1/√in (Kaiming's with a = √5, as PEFT draws it), B zero,
 * so that the model computes what it did. Each A is drawn from the seed and its name.
 * @throws recipe-invalid where targets choose nothing
 */
export function attachAdapters(model: Decoder, settings: LoraSettings, seed: number): void {
  const linears = blockLinears(model);
  const { rank, alpha, dropout } = settings;
  const scale = alpha / (settings.rankStabilized ? Math.sqrt(rank) : rank);
  for (const name of chooseTargets(settings.targets, [...linears.keys()])) {
    const linear = linears.get(name)!;
    const [outputs, inputs] = linear.weight.shape as [number, number];
    const lora = new LoraAdapter(inputs, outputs, { rank, scale, dropout });
    manualSeed(Random.of(seed, 'lora', name).uint32());
    noGrad(() => {
      lora.a.uniform_(-1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs));
      lora.b.zero_();
    });
    linear.lora = lora;
  }
}

/** What training changes: the adapters alone where there are any, else every parameter. */
export function trainedParameters(model: Decoder): [name: string, parameter: Tensor][] {
  const all = [...model.namedParameters()];
  const adapters = new Set([...adaptersOf(model).values()].flatMap(({ a, b }) => [a, b]));
  return adapters.size === 0 ? all : all.filter(([, parameter]) => adapters.has(parameter));
}

/** Runs `body` with all adapters switched off: the frozen base, which is the reference of preference methods, costs no memory. */
export function withoutAdapters<T>(model: Decoder, body: (() => T) & NotAsync<T>): T {
  using _off = switchOffAdapters(model);
  return body();
}

/** Switches all adapters off until it is disposed of, for work that waits in between. */
export function switchOffAdapters(model: Decoder): Disposable {
  const adapters = [...adaptersOf(model).values()].filter(({ on }) => on);
  for (const adapter of adapters) adapter.on = false;
  return {
    [Symbol.dispose]: () => {
      for (const adapter of adapters) adapter.on = true;
    },
  };
}

/** W ← W + s·B A in float32, rounded to W's type; the adapters are freed. */
export function mergeAdapters(model: Decoder): void {
  for (const linear of blockLinears(model).values()) {
    const { weight, lora } = linear;
    if (!lora) continue;
    scope(() =>
      noGrad(() => {
        const wide = (x: Tensor) => x.toDtype('float32');
        weight.copy_(wide(weight).add(wide(lora.b).mm(wide(lora.a)).mul(lora.scale)));
      }),
    );
    lora[Symbol.dispose]();
    linear.lora = null;
  }
}

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PosttrainError } from '../../support/errors.ts';
import { noGrad, SafetensorsFile, scope, type Tensor, writeSafetensors } from '../../tensor/index.ts';
import type { Decoder } from '../decoder.ts';
import { pickleRefused } from '../model-folder.ts';
import { adaptersOf, attachAdapters, blockLinears, type LoraSettings } from './adapters.ts';
import { configFile, peftConfigText, readPeftConfig } from './peft-config.ts';
import { expression, isNamed, lastParts } from './targets.ts';

/** PEFT's folder of an adapter: adapter_config.json and adapter_model.safetensors, with PEFT's names. */

const weightsFile = 'adapter_model.safetensors';
const prefix = 'base_model.model.';

/** PEFT's key of one of a linear map's two matrices. */
function peftKey(linear: string, part: 'a' | 'b'): string {
  return `${prefix}${linear}.lora_${part.toUpperCase()}.weight`;
}

/**
 * Writes the adapters of a model.
 * @param weights A and B in float32 by parameter name (`….q_proj.lora.a`), where they are not the model's own
 * @param base what PEFT is to load the adapter onto
 */
export function writeAdapterFiles(
  folder: string,
  model: Decoder,
  { settings, base, weights }: { settings: LoraSettings; base: string; weights: ReadonlyMap<string, Tensor> },
): void {
  const named = [...adaptersOf(model).keys()];
  const targets = settings.targets === 'all-linear' ? lastParts(named) : settings.targets;
  writeFileSync(join(folder, configFile), peftConfigText(settings, base, targets));
  const stored = named.flatMap((name) =>
    (['a', 'b'] as const).map((part) => [peftKey(name, part), weights.get(`${name}.lora.${part}`)!] as const),
  );
  writeSafetensors(join(folder, weightsFile), new Map(stored), { format: 'pt' });
}

/** Puts the adapters of a folder beside a model's linear maps, in float32. @throws weights-invalid, model-unsupported, pickle-refused */
export function attachStored(model: Decoder, folder: string): void {
  const { settings, narrowed } = readPeftConfig(folder);
  using file = new SafetensorsFile(weightsPath(folder));
  const linears = [...blockLinears(model).keys()];
  const keys = [...file.header.tensors.keys()];
  const present = linears.filter((name) => keys.includes(peftKey(name, 'a')) || keys.includes(peftKey(name, 'b')));
  const wanted = narrowed ? present : [...new Set([...present, ...chosen(settings, linears)])];
  const known = new Set(wanted.flatMap((name) => [peftKey(name, 'a'), peftKey(name, 'b')]));
  const problems = [
    ...[...known].filter((key) => !keys.includes(key)).map((key) => `missing     ${key}`),
    ...keys.filter((key) => !known.has(key)).map((key) => `unexpected  ${key}`),
  ];
  if (problems.length > 0) throw unfit(folder, problems);
  attachAdapters(model, { ...settings, targets: wanted }, 0);
  fillAdapters(model, folder, file);
}

/** Sets the adapters that a model has to those of a folder. @throws weights-invalid */
export function readAdapterWeights(model: Decoder, folder: string): void {
  using file = new SafetensorsFile(weightsPath(folder));
  fillAdapters(model, folder, file);
}

function fillAdapters(model: Decoder, folder: string, file: SafetensorsFile): void {
  const problems: string[] = [];
  scope(() =>
    noGrad(() => {
      for (const [name, lora] of adaptersOf(model))
        for (const part of ['a', 'b'] as const) {
          const key = peftKey(name, part);
          const stored = file.header.tensors.get(key);
          if (stored?.shape.join() === lora[part].shape.join()) lora[part].copy_(file.view(key));
          else
            problems.push(
              stored
                ? `other shape ${key} [${stored.shape.join(', ')}] in the file, [${lora[part].shape.join(', ')}] by model and config`
                : `missing     ${key}`,
            );
        }
    }),
  );
  if (problems.length > 0) throw unfit(folder, problems);
}

/** What the config's targets choose; here what chooses nothing is overlooked, as PEFT does, for the weights have the last word. */
function chosen({ targets }: LoraSettings, linears: readonly string[]): string[] {
  if (targets === 'all-linear') return [...linears];
  if (typeof targets === 'string') {
    const matches = expression(targets);
    return linears.filter((name) => matches.test(name));
  }
  return linears.filter((name) => targets.some((target) => isNamed(name, target)));
}

function weightsPath(folder: string): string {
  const path = join(folder, weightsFile);
  if (existsSync(path)) return path;
  const pickle = readdirSync(folder).find((name) => /^adapter_model\.(bin|pt|pth)$/.test(name));
  if (pickle) throw pickleRefused(join(folder, pickle));
  throw new PosttrainError('model-invalid', `${folder} has no ${weightsFile}.`, { place: { file: path } });
}

function unfit(folder: string, problems: readonly string[]): PosttrainError {
  const shown = problems.slice(0, 12);
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  return new PosttrainError(
    'weights-invalid',
    `the adapter does not fit its config and its base:\n  ${shown.join('\n  ')}`,
    {
      place: { file: folder },
      help: 'adapters stand beside linear maps of the blocks; adapter_config.json, the weights and base_model_name_or_path must belong together.',
      data: { problems },
    },
  );
}

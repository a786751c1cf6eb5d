import { join } from 'node:path';
import { PosttrainError } from '../../support/errors.ts';
import { readModelJson } from '../model-folder.ts';
import type { LoraSettings } from './adapters.ts';

/** PEFT's adapter_config.json, read and written. */

export const configFile = 'adapter_config.json';

export interface PeftConfig {
  readonly settings: LoraSettings;
  /** `base_model_name_or_path`: what the adapter was trained on. */
  readonly base: string;
  /** Other keys narrow the targets (`exclude_modules`, `layers_to_transform`): the weights alone say where adapters stand. */
  readonly narrowed: boolean;
}

/** Keys that say nothing about what is computed, or are read below. */
const harmless = new Set([
  ...[
    'task_type',
    'peft_type',
    'peft_version',
    'auto_mapping',
    'base_model_name_or_path',
    'revision',
    'inference_mode',
  ],
  ...['r', 'lora_alpha', 'lora_dropout', 'use_rslora', 'target_modules', 'exclude_modules'],
  ...['layers_to_transform', 'layers_pattern', 'megatron_core', 'qalora_group_size', 'eva_config', 'lora_ga_config'],
]);
/** Ways of drawing A and B that leave the base as it is; the others take a part out of it that the adapter then holds. */
const plainStarts: readonly unknown[] = [true, false, null, undefined, 'gaussian', 'eva', 'orthogonal'];

/** @throws model-unsupported naming each key that is not covered, model-invalid where one is missing or malformed */
export function readPeftConfig(folder: string): PeftConfig {
  const place = { file: join(folder, configFile) };
  const config = readModelJson(folder, configFile);
  const refused = Object.entries(config).filter(([key, value]) => !isCovered(key, value));
  if (config['peft_type'] !== 'LORA') refused.unshift(['peft_type', config['peft_type']]);
  if (refused.length > 0) {
    const lines = refused.map(([key, value]) => `${key} is ${JSON.stringify(value)}`).join('\n  ');
    throw new PosttrainError('model-unsupported', `this adapter cannot be used here:\n  ${lines}`, {
      place,
      help: 'LoRA without biases on linear maps is covered, with one rank and alpha for all; merge others with PEFT (merge_and_unload).',
    });
  }
  const wrong = (key: string, wanted: string) =>
    new PosttrainError('model-invalid', `${key} is ${JSON.stringify(config[key])}, but must be ${wanted}.`, { place });
  const number = (key: string, least: number) => {
    const value = config[key];
    if (typeof value === 'number' && value >= least) return value;
    throw wrong(key, `a number of at least ${least}`);
  };
  const base = config['base_model_name_or_path'];
  const targets = config['target_modules'];
  if (typeof base !== 'string' || base === '') throw wrong('base_model_name_or_path', 'a folder or a Hub id');
  if (typeof targets !== 'string' && !isNames(targets)) throw wrong('target_modules', 'a text or a list of names');
  return {
    settings: {
      rank: number('r', 1),
      alpha: number('lora_alpha', 0),
      targets,
      dropout: config['lora_dropout'] === undefined ? 0 : number('lora_dropout', 0),
      rankStabilized: config['use_rslora'] === true,
    },
    base,
    narrowed: !isEmpty(config['exclude_modules']) || !isEmpty(config['layers_to_transform']),
  };
}

function isCovered(key: string, value: unknown): boolean {
  if (key === 'bias') return value === 'none';
  if (key === 'init_lora_weights') return plainStarts.includes(value);
  return harmless.has(key) || isEmpty(value);
}

/** What PEFT writes where a feature is not used. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');
}

/** The text of adapter_config.json. `targets` are written as they are, but for `all-linear`, which PEFT spells out too. */
export function peftConfigText(settings: LoraSettings, base: string, targets: string | readonly string[]): string {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    target_modules: targets,
    use_rslora: settings.rankStabilized,
    use_dora: false,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    inference_mode: true,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

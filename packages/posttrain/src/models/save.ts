import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DType, dtypeWidth, type Tensor, writeSafetensors } from '../tensor/index.ts';
import type { ModelConfig } from './model-folder.ts';

/** Files of a model folder that describe it without holding weights: they travel with every checkpoint. */
const companion =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^(chat_template\.jinja|merges\.txt|tokenizer\.model)$/;
/** What does not hold of a model with another head. */
const replaced = /^(config|generation_config)\.json$/;

/**
 * Writes a model folder that transformers opens: weights as safetensors (in shards of at most `shardBytes`, 5 GiB, with an
 * index), and the source's config, tokenizer, chat template and generation config byte for byte. `config` stands for the source's
 * own where another head was put on; what the source says about generation then stays behind.
 * @returns the files written. The caller makes the whole atomic.
 */
export function saveModelFolder(
  target: string,
  source: string,
  weights: ReadonlyMap<string, Tensor>,
  { shardBytes = 5 * 2 ** 30, config }: { shardBytes?: number; config?: ModelConfig | undefined } = {},
): string[] {
  mkdirSync(target, { recursive: true });
  const written: string[] = [];
  for (const name of readdirSync(source)) {
    if (!companion.test(name) || (config && replaced.test(name))) continue;
    copyFileSync(join(source, name), join(target, name));
    written.push(join(target, name));
  }
  if (config) {
    const file = join(target, 'config.json');
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
    written.push(file);
  }
  return [...written, ...writeWeights(target, weights, shardBytes)];
}

function writeWeights(target: string, weights: ReadonlyMap<string, Tensor>, shardBytes: number): string[] {
  const shards = intoShards(weights, shardBytes);
  if (shards.length === 1) {
    const file = join(target, 'model.safetensors');
    writeSafetensors(file, shards[0]!);
    return [file];
  }
  const total = String(shards.length).padStart(5, '0');
  const map: Record<string, string> = {};
  let bytes = 0;
  const files = shards.map((shard, i) => {
    const file = join(target, `model-${String(i + 1).padStart(5, '0')}-of-${total}.safetensors`);
    writeSafetensors(file, shard);
    for (const [name, tensor] of shard) {
      map[name] = basename(file);
      bytes += sizeOf(tensor);
    }
    return file;
  });
  const index = join(target, 'model.safetensors.index.json');
  writeFileSync(index, `${JSON.stringify({ metadata: { total_size: bytes }, weight_map: map }, null, 2)}\n`);
  return [...files, index];
}

function intoShards(weights: ReadonlyMap<string, Tensor>, largest: number): Map<string, Tensor>[] {
  const shards: Map<string, Tensor>[] = [new Map()];
  let bytes = 0;
  for (const [name, tensor] of weights) {
    const size = sizeOf(tensor);
    if (bytes > 0 && bytes + size > largest) {
      shards.push(new Map());
      bytes = 0;
    }
    shards.at(-1)!.set(name, tensor);
    bytes += size;
  }
  return shards;
}

function sizeOf(tensor: Tensor): number {
  return tensor.count * dtypeWidth(tensor.dtype as DType);
}

/** True where a folder holds a tokenizer to copy. */
export function hasTokenizer(folder: string): boolean {
  return existsSync(join(folder, 'tokenizer.json'));
}

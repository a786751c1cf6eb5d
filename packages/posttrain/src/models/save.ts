import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DType, dtypeWidth, type Tensor, writeSafetensors } from '../tensor/index.ts';
import { companionFolders, type ModelConfig } from './model-folder.ts';

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
  {
    shardBytes = 5 * 2 ** 30,
    config,
    base,
  }: { shardBytes?: number; config?: ModelConfig | undefined; base?: string | undefined } = {},
): string[] {
  mkdirSync(target, { recursive: true });
  const written = copyCompanions(target, source, { but: config ? replaced : undefined, base });
  if (config) {
    const file = join(target, 'config.json');
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
    written.push(file);
  }
  return [...written, ...writeWeights(target, weights, shardBytes)];
}

/** config.json, which says that the weights beside it are a whole model's. */
export const wholeModelFile = /^config\.json$/;

/**
 * Copies what goes with weights: an adapter's own files before those of its base.
 * @param but names of files that stay behind
 * @param base of an adapter, in place of the one that it names
 * @returns the files written
 */
export function copyCompanions(
  target: string,
  source: string,
  { but, base }: { but?: RegExp | undefined; base?: string | undefined } = {},
): string[] {
  const found = new Map<string, string>();
  for (const folder of companionFolders(source, base).toReversed())
    for (const name of readdirSync(folder))
      if (companion.test(name) && !but?.test(name)) found.set(name, join(folder, name));
  return [...found].map(([name, path]) => {
    copyFileSync(path, join(target, name));
    return join(target, name);
  });
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

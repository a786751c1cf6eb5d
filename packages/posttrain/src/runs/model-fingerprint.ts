import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintFile } from './manifest.ts';

/**
 * One hash for everything in a model folder that decides what the model says: weights, configuration, tokenizer and template; of an
 * adapter also those of its base, where that is a folder here.
 */
export async function fingerprintModel(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const one of [folder, ...baseOf(folder)])
    for (const name of readdirSync(one).filter(decides).sort())
      hash.update(`${name} ${(await fingerprintFile(join(one, name))).sha256}\n`);
  return hash.digest('hex');
}

function decides(name: string): boolean {
  return (
    name.endsWith('.safetensors') || /^((adapter_)?config|tokenizer(_config)?)\.json$|^chat_template\.jinja$/.test(name)
  );
}

function baseOf(folder: string): string[] {
  const file = join(folder, 'adapter_config.json');
  if (!existsSync(file)) return [];
  const { base_model_name_or_path: base } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  return typeof base === 'string' && statSync(base, { throwIfNoEntry: false })?.isDirectory() ? [base] : [];
}

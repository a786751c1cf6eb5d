import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModelJson, resolveModelFolder } from '../models/model-folder.ts';
import { SafetensorsFile, scope, writeSafetensors } from '../tensor/index.ts';

/** Writes a folder with a model's config, changed, and its tokenizer, but no weights: a shape to draw random ones for. */
export function writeShape(folder: string, model: string, changed: object): string {
  const source = resolveModelFolder(model);
  mkdirSync(folder);
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'])
    if (existsSync(join(source, name))) copyFileSync(join(source, name), join(folder, name));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...readModelJson(source, 'config.json'), ...changed }));
  return folder;
}

/** Writes a model without its upper blocks: `layers` of them are left. */
export function writeTruncated(folder: string, model: string, layers: number): string {
  writeShape(folder, model, { num_hidden_layers: layers });
  using file = new SafetensorsFile(join(resolveModelFolder(model), 'model.safetensors'));
  const kept = [...file.header.tensors.keys()].filter((name) => !(Number(/layers\.(\d+)\./.exec(name)?.[1]) >= layers));
  scope(() =>
    writeSafetensors(join(folder, 'model.safetensors'), new Map(kept.map((name) => [name, file.view(name)]))),
  );
  return folder;
}

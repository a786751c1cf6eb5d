import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { isObject } from './messages.ts';

/** The files of a model folder that say how text becomes tokens; a saved tokenizer is these, byte for byte. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'added_tokens.json',
] as const;

/** The ids that a model's configuration names, where the tokenizer's own files do not. */
const MODEL_FILES = ['generation_config.json', 'config.json'] as const;

/** The chat template as it was found, and the file that holds it. */
export interface TemplateSource {
  readonly source: string;
  readonly file: string;
}

export type TokenRole = 'bos' | 'eos' | 'pad' | 'unk';

/** What the files beside tokenizer.json say. */
export interface TokenizerSettings {
  readonly tokens: Readonly<Partial<Record<TokenRole, string>>>;
  readonly ids: Readonly<Partial<Record<TokenRole, readonly number[]>>>;
  readonly template: TemplateSource | undefined;
}

/**
 * Reads those files of a folder that exist.
 * @throws tokenizer-invalid without a tokenizer.json
 */
export async function readTokenizerFiles(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of [...TOKENIZER_FILES, ...MODEL_FILES, 'tokenizer.model', 'vocab.json']) {
    const content = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined;
      throw new PosttrainError('file-unreadable', `${join(folder, name)} cannot be read: ${error.message}`, {
        cause: error,
      });
    });
    if (content) files.set(name, content);
  }
  if (files.has('tokenizer.json')) return files;
  const older = ['tokenizer.model', 'vocab.json'].find((name) => files.has(name));
  throw new PosttrainError('tokenizer-invalid', `${folder} has no tokenizer.json`, {
    help: older
      ? `it has ${older}, an older form. Convert it once, in Python:\n  from transformers import AutoTokenizer\n  AutoTokenizer.from_pretrained(${JSON.stringify(folder)}).save_pretrained(${JSON.stringify(folder)})`
      : 'a model folder holds tokenizer.json beside config.json; download it from where the model came from.',
    place: { file: folder },
  });
}

/** Special tokens and chat template: tokenizer_config.json first, then special_tokens_map.json, then the model's ids. */
export function readSettings(files: ReadonlyMap<string, Buffer>, folder: string): TokenizerSettings {
  const config = parseObject(files, 'tokenizer_config.json', folder);
  const map = parseObject(files, 'special_tokens_map.json', folder);
  const models = MODEL_FILES.map((name) => parseObject(files, name, folder));
  const tokens: Partial<Record<TokenRole, string>> = {};
  const ids: Partial<Record<TokenRole, readonly number[]>> = {};
  for (const role of ['bos', 'eos', 'pad', 'unk'] as const) {
    const token = tokenText(config[`${role}_token`]) ?? tokenText(map[`${role}_token`]);
    if (token !== undefined) tokens[role] = token;
    const id = models.map((model) => idList(model[`${role}_token_id`])).find((list) => list !== undefined);
    if (id !== undefined) ids[role] = id;
  }
  return { tokens, ids, template: readTemplate(files, config, folder) };
}

function readTemplate(
  files: ReadonlyMap<string, Buffer>,
  config: Readonly<Record<string, unknown>>,
  folder: string,
): TemplateSource | undefined {
  const own = files.get('chat_template.jinja');
  if (own) return { source: own.toString('utf8'), file: join(folder, 'chat_template.jinja') };
  const file = join(folder, 'tokenizer_config.json');
  const value = config['chat_template'];
  if (typeof value === 'string') return { source: value, file };
  if (!Array.isArray(value)) return undefined;
  // Several named templates: conversations use the one called default.
  const named = value.find((entry: unknown) => isObject(entry) && entry['name'] === 'default') as unknown;
  return isObject(named) && typeof named['template'] === 'string' ? { source: named['template'], file } : undefined;
}

function parseObject(
  files: ReadonlyMap<string, Buffer>,
  name: string,
  folder: string,
): Readonly<Record<string, unknown>> {
  const content = files.get(name);
  if (!content) return {};
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (isObject(value)) return value;
    throw new Error('not an object');
  } catch (cause) {
    throw new PosttrainError(
      'tokenizer-invalid',
      `${join(folder, name)} is not valid JSON: ${(cause as Error).message}`,
      {
        help: 'download the file again, or restore it from where the model came from.',
        place: { file: join(folder, name) },
        cause,
      },
    );
  }
}

function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value['content'] === 'string' ? value['content'] : undefined;
}

function idList(value: unknown): readonly number[] | undefined {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) && value.every((id) => typeof id === 'number') ? (value as number[]) : undefined;
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PosttrainError } from '../support/errors.ts';

/** A config.json as it was parsed. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** The model that ships with the package. */
const embedded: Readonly<Record<string, string>> = {
  pocket: fileURLToPath(new URL('../../assets/pocket/base', import.meta.url)),
};
const pickles = /\.(bin|pt|pth|ckpt|pkl|pickle)$/;

/**
 * The folder of a model named by a user: a path, `pocket`, or a Hub id that the Hugging Face cache of this machine holds.
 * @throws file-missing with what was looked for.
 */
export function resolveModelFolder(name: string): string {
  const builtin = embedded[name];
  if (builtin && !existsSync(resolve(name))) return builtin;
  if (existsSync(name)) {
    if (statSync(name).isDirectory()) return resolve(name);
    if (pickles.test(name)) throw pickleRefused(name);
    throw new PosttrainError(
      'model-invalid',
      `${name} is a file; a model is a folder with config.json and model.safetensors.`,
      {
        place: { file: name },
      },
    );
  }
  const cached = /^[\w.-]+\/[\w.-]+$/.test(name) ? cachedSnapshot(name) : undefined;
  if (cached) return cached;
  throw new PosttrainError('file-missing', `there is no model at ${name}.`, {
    place: { file: name },
    help: `give a folder with config.json and model.safetensors, "pocket" for the embedded model, or the id of a model in the Hugging Face cache (${hubCache()}).`,
  });
}

/** Whether a folder holds an adapter of PEFT's form and no model of its own. */
export function isAdapterFolder(folder: string): boolean {
  const holds = (name: string) => existsSync(join(folder, name));
  return holds('adapter_config.json') && !holds('model.safetensors') && !holds('model.safetensors.index.json');
}

/**
 * The folder whose config and weights a model folder stands for: itself, or an adapter's base.
 * @param base used in place of the adapter's `base_model_name_or_path`
 * @throws file-missing where the base is not here, model-unsupported where it is an adapter too
 */
export function baseFolder(folder: string, base?: string): string {
  if (!isAdapterFolder(folder)) return folder;
  const place = { file: join(folder, 'adapter_config.json') };
  const named = base ?? readModelJson(folder, 'adapter_config.json')['base_model_name_or_path'];
  let found: string;
  try {
    found = resolveModelFolder(String(named));
  } catch (cause) {
    throw new PosttrainError('file-missing', `the base of the adapter ${folder} is not here: ${named}.`, {
      place,
      help: 'put the base there or into the Hugging Face cache, correct base_model_name_or_path, or name it: `base` of loadModel, --base of merge.',
      cause,
    });
  }
  if (!isAdapterFolder(found)) return found;
  throw new PosttrainError('model-unsupported', `the base of the adapter ${folder} is an adapter too: ${found}.`, {
    place,
    help: `merge that one first: posttrain merge ${found} --out FOLDER.`,
  });
}

/** Where a model's files may lie: its folder, then the base's where it is an adapter that lacks them. */
export function companionFolders(folder: string, base?: string): readonly string[] {
  return isAdapterFolder(folder) ? [folder, baseFolder(folder, base)] : [folder];
}

/** The folder that a model's tokenizer and template lie in. */
export function tokenizerFolder(folder: string, base?: string): string {
  const folders = companionFolders(folder, base);
  return folders.find((one) => existsSync(join(one, 'tokenizer.json'))) ?? folder;
}

function hubCache(): string {
  const { HF_HUB_CACHE, HF_HOME } = process.env;
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub');
}

/** The snapshot that the cache's `main` points at. */
function cachedSnapshot(id: string): string | undefined {
  const root = join(hubCache(), `models--${id.replace('/', '--')}`);
  const ref = join(root, 'refs', 'main');
  if (!existsSync(ref)) return undefined;
  const folder = join(root, 'snapshots', readFileSync(ref, 'utf8').trim());
  return existsSync(join(folder, 'config.json')) ? folder : undefined;
}

/** A JSON file of a model folder. @throws model-invalid when it is missing or malformed. */
export function readModelJson(folder: string, name: string): Record<string, unknown> {
  const file = join(folder, name);
  if (!existsSync(file)) {
    throw new PosttrainError('model-invalid', `${folder} has no ${name}, so it is not a model folder.`, {
      place: { file },
      help: 'a model folder holds config.json, model.safetensors and tokenizer.json, as the Hugging Face Hub serves them.',
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PosttrainError('model-invalid', `${file} cannot be read as JSON: ${(cause as Error).message}`, {
      place: { file },
      help: 'download the file again, or restore it from where the model came from.',
      cause,
    });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new PosttrainError('model-invalid', `${file} does not hold a JSON object.`, {
    place: { file },
    help: 'download the file again, or restore it from where the model came from.',
  });
}

/** Whether config.json is that of a model with a head of labels or scores. */
export function isClassifier({ architectures }: ModelConfig): boolean {
  return Array.isArray(architectures) && /ForSequenceClassification$/.test(String(architectures[0]));
}

/** The id of a token that tokenizer_config.json names by its role; null where no file tells. */
export function tokenIdOf(folder: string, role: 'pad_token'): number | null {
  if (!existsSync(join(folder, 'tokenizer_config.json')) || !existsSync(join(folder, 'tokenizer.json'))) return null;
  const named = readModelJson(folder, 'tokenizer_config.json')[role];
  const token = typeof named === 'object' && named !== null ? (named as { content?: unknown }).content : named;
  const added = readModelJson(folder, 'tokenizer.json')['added_tokens'];
  const found = Array.isArray(added) ? added.find(({ content }) => content === token) : undefined;
  return typeof token === 'string' && typeof found?.id === 'number' ? found.id : null;
}

/** The safetensors files of a model, in order. @throws pickle-refused, model-invalid. */
export function weightFiles(folder: string): string[] {
  const index = join(folder, 'model.safetensors.index.json');
  if (existsSync(index)) {
    const map = readModelJson(folder, 'model.safetensors.index.json')['weight_map'];
    const names = [...new Set(Object.values((map ?? {}) as Record<string, unknown>))].map(String).sort();
    const missing = names.filter((name) => !existsSync(join(folder, name)));
    for (const name of names) {
      if (/[\\/]/.test(name) || !name.endsWith('.safetensors'))
        throw new PosttrainError(
          'model-invalid',
          `the index names "${name}", which is not a safetensors file of this folder.`,
          { place: { file: index } },
        );
    }
    if (missing.length > 0)
      throw new PosttrainError(
        'weights-invalid',
        `${missing.length} of ${names.length} shards are missing: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}.`,
        { place: { file: index }, help: 'download what is missing, or the model again.' },
      );
    if (names.length > 0) return names.map((name) => join(folder, name));
  }
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return [single];
  const pickle = readdirSync(folder).find((name) => pickles.test(name));
  if (pickle) throw pickleRefused(join(folder, pickle));
  throw new PosttrainError('model-invalid', `${folder} has no model.safetensors.`, {
    place: { file: single },
    help: 'save the model with save_pretrained(…) of a recent transformers, which writes safetensors.',
  });
}

export function pickleRefused(file: string): PosttrainError {
  return new PosttrainError(
    'pickle-refused',
    `${file} is a pickle, and opening a pickle runs code from it; it is not read.`,
    {
      place: { file },
      help: `convert it where you trust it: python3 -c "from transformers import AutoModelForCausalLM as M; M.from_pretrained('FOLDER').save_pretrained('OUT')"`,
    },
  );
}

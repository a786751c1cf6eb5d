import { batchArithmetic, type ForeignName, foreignNames } from './foreign-names.ts';

const byName = new Map(foreignNames.flatMap((entry) => entry.names.map((name) => [plain(name), entry] as const)));

/** The entry for another trainer's name, however it is cased or hyphenated. */
export function foreignName(key: string): ForeignName | undefined {
  return byName.get(plain(key));
}

function plain(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase();
}

/** What is wrong with another trainer's key, and our lines for it with the user's own numbers. */
export function translate(
  key: string,
  entry: ForeignName,
  value: unknown,
  recipe: Readonly<Record<string, unknown>>,
): { message: string; help: string } {
  const peers = entry.peers.map((peer) => (peer === 'HF' ? 'TRL' : peer)).join(', ');
  const message = `unknown key "${key}": a name of ${peers}.`;
  if (entry.key === null) return { message, help: entry.note ?? 'Leave it out.' };
  if (entry.key === 'batch') {
    const { batch, microBatch, words } = batchArithmetic(recipe);
    return {
      message,
      help: `${words} = ${batch} sequences per optimizer step on one device; times the number of devices on more.\nWrite batch: ${batch}, microBatch: ${microBatch}`,
    };
  }
  const ours = entry.value === undefined ? value : entry.value(value, recipe);
  const line = ours === undefined ? `Here the key is ${entry.key}.` : `Write ${recipeLine(entry.key, ours)}`;
  return { message, help: entry.note === undefined ? line : `${line}\n${entry.note}` };
}

/** `data.maxTokens` and 512 as the line `data: { maxTokens: 512 }`. */
export function recipeLine(key: string, value: unknown): string {
  const [first, ...rest] = key.split('.');
  const inner = rest.reduceRight<string>((text, part) => `{ ${part}: ${text} }`, '\0');
  return `${first}: ${rest.length === 0 ? scalar(value) : inner.replace('\0', scalar(value))}`;
}

function scalar(value: unknown): string {
  if (typeof value === 'string' && /^[\w./-]+$/.test(value) && !/^[\d.]/.test(value)) return value;
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 0.001) return value.toExponential();
  return Array.isArray(value) ? `[${value.map(scalar).join(', ')}]` : JSON.stringify(value);
}

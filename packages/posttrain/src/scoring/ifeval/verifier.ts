import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst, nearestName } from '../../support/nearest.ts';

/** What a verifier that cannot stand alone may be given. Both are named in the result. */
export interface IfevalTools {
  /** The ISO 639-1 code of a text's language, null where none can be told (which counts as followed, as in the reference). */
  readonly detectLanguage?: (text: string) => string | null;
  readonly splitSentences?: (text: string) => readonly string[];
}

/**
 * `exact` decides as the reference does; `approximate` by a rule of ours, until the tool it needs is given;
 * `unavailable` cannot decide without that tool.
 */
export type Exactness = 'exact' | 'approximate' | 'unavailable';

type Reader<T> = (value: unknown, at: string) => T;
type Readers = Readonly<Record<string, Reader<unknown>>>;
type Values<R extends Readers> = { readonly [K in keyof R]: R[K] extends Reader<infer T> ? T : never };

/** Decides whether a text follows the instruction; null where it cannot. */
export type Check = (text: string, tools: IfevalTools) => boolean | null;

export interface Verifier {
  readonly id: string;
  /** Takes the arguments of a row and gives the check. @throws PosttrainError `data-invalid` for missing or wrong arguments */
  readonly bind: (given: Readonly<Record<string, unknown>>) => Check;
  readonly exactness: (tools: IfevalTools) => Exactness;
}

/** A verifier from its id, its arguments and its rule. Arguments must all be there: nothing is filled in. */
export function verifier<R extends Readers>(
  id: string,
  readers: R,
  follows: (text: string, args: Values<R>, tools: IfevalTools) => boolean | null,
  exactness: (tools: IfevalTools) => Exactness = () => 'exact',
): Verifier {
  return {
    id,
    exactness,
    bind: (given) => {
      refuseUnknown(id, given, Object.keys(readers));
      const entries = Object.entries(readers).map(([name, read]) => [name, readPresent(id, name, given[name], read)]);
      const args = Object.fromEntries(entries) as Values<R>;
      return (text, tools) => follows(text, args, tools);
    },
  };
}

function readPresent(id: string, name: string, value: unknown, read: Reader<unknown>): unknown {
  if (value !== undefined && value !== null) return read(value, `${id}: ${name}`);
  throw new PosttrainError('data-invalid', `${id} lacks its argument "${name}".`, {
    help: 'the reference implementation would draw one at random here; give it, or leave the instruction out',
  });
}

/** Published rows carry every key of the data set, null where it does not belong to the instruction. */
function refuseUnknown(id: string, given: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const stray = Object.keys(given).find(
    (key) => given[key] !== null && given[key] !== undefined && !known.includes(key),
  );
  if (stray === undefined) return;
  const nearest = nearestName(stray, known);
  throw new PosttrainError('data-invalid', `${id} has no argument "${stray}".`, {
    help: nearest ? `did you mean "${nearest}"?` : `its arguments: ${known.join(', ') || 'none'}`,
  });
}

function refuse(at: string, value: unknown, wanted: string): never {
  throw new PosttrainError('data-invalid', `${at} is ${JSON.stringify(value)}, not ${wanted}.`);
}

/** A whole number from 0; numbers of a table read as floats (`3.0`) are whole too. */
export function count(value: unknown, at: string): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : refuse(at, value, 'a whole number from 0');
}

export function filledText(value: unknown, at: string): string {
  return typeof value === 'string' && value.trim() !== '' ? value : refuse(at, value, 'a text');
}

export function filledTexts(value: unknown, at: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return refuse(at, value, 'a list of texts');
  return value.map((item: unknown, i) => filledText(item, `${at}[${i}]`));
}

export function asciiLetter(value: unknown, at: string): string {
  return typeof value === 'string' && /^[a-zA-Z]$/.test(value)
    ? value.toLowerCase()
    : refuse(at, value, 'one letter a–z');
}

const relations = ['less than', 'at least'] as const;
export type Relation = (typeof relations)[number];

export function relation(value: unknown, at: string): Relation {
  const found = relations.find((name) => name === value);
  if (found) return found;
  const nearest = typeof value === 'string' ? nearestFirst(value, relations) : relations;
  throw new PosttrainError('data-invalid', `${at} is ${JSON.stringify(value)}; known are "${nearest.join('", "')}".`);
}

export function holds(actual: number, how: Relation, threshold: number): boolean {
  return how === 'less than' ? actual < threshold : actual >= threshold;
}

import type { IfevalRow } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';

/** The columns of a row that built-in rewards read. */

type Row = Readonly<Record<string, unknown>>;

/** `answer`: a text, a number, or texts that are all right; null where the question has none. */
export function goldOf({ answer }: Row): string | readonly string[] | null {
  if (answer === null || typeof answer === 'string') return answer;
  if (typeof answer === 'number') return String(answer);
  if (Array.isArray(answer) && answer.length > 0 && answer.every((one) => typeof one === 'string')) return answer;
  throw wrong('answer', answer, 'it is a text, a list of texts, or null where the question has no answer.');
}

/** `sources`: texts, of which `[1]` is the first, or objects with `text`. */
export function sourcesOf({ sources = [] }: Row): readonly string[] {
  const texts = Array.isArray(sources) ? sources.map((one: unknown) => textOf(one)) : [null];
  if (texts.every((text) => text !== null)) return texts;
  throw wrong('sources', sources, 'they are a list of texts, or of objects with a key text.');
}

function textOf(source: unknown): string | null {
  if (typeof source === 'string') return source;
  const { text } = (source ?? {}) as Row;
  return typeof text === 'string' ? text : null;
}

/** `request`: safe, unsafe, or nothing for rows about something else. */
export function requestOf({ request = null }: Row): 'safe' | 'unsafe' | null {
  if (request === 'safe' || request === 'unsafe' || request === null) return request;
  throw wrong('request', request, 'it is safe or unsafe, or left out where the row is about something else.');
}

/** `instruction_id_list` and `kwargs`, as IFEval publishes them; null where the row has none. */
export function instructionsOf(row: Row): IfevalRow | null {
  const { instruction_id_list: ids, kwargs } = row;
  if (ids === undefined || ids === null) return null;
  const isIds = Array.isArray(ids) && ids.every((id) => typeof id === 'string');
  if (!isIds) throw wrong('instruction_id_list', ids, 'it is a list of names such as keywords:existence.');
  const isArguments = Array.isArray(kwargs) && kwargs.every((one) => typeof one === 'object' && one !== null);
  if (!isArguments) throw wrong('kwargs', kwargs, 'it is a list with the arguments of each instruction.');
  return { instruction_id_list: ids, kwargs };
}

function wrong(column: string, value: unknown, help: string): PosttrainError {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'missing';
  return new PosttrainError('data-invalid', `the row's "${column}" is ${shown}.`, { help });
}

import { PosttrainError } from '../support/errors.ts';

/**
 * JSON has no infinities and would write null, which arithmetic takes for 0: a continuation of probability 0 (log-likelihood −∞) would
 * come back as the likeliest. They are kept as `{"$number":"-Infinity"}`. NaN has no place in a result.
 */
const mark = '$number';

/** A copy in which infinities stand as JSON can hold them. @throws PosttrainError `non-finite` for NaN, with its place */
export function withMarkedInfinities(value: unknown, place = ''): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : marked(value, place);
  if (Array.isArray(value)) return value.map((part, i) => withMarkedInfinities(part, `${place}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      withMarkedInfinities(part, place === '' ? key : `${place}.${key}`),
    ]),
  );
}

function marked(value: number, place: string): object {
  if (!Number.isNaN(value)) return { [mark]: String(value) };
  throw new PosttrainError('non-finite', `${place === '' ? 'a result' : place} is NaN.`);
}

/** What was marked as it was. */
export function withInfinities(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withInfinities);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === mark) return Number(entries[0]![1]);
  return Object.fromEntries(entries.map(([key, part]) => [key, withInfinities(part)]));
}

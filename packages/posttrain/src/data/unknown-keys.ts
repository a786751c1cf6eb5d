import { nearestName } from '../support/nearest.ts';
import { RowError } from './row-problems.ts';

/**
 * What is wrong with a row whose keys fit nothing: the keys, the complaint, and which known key each may have meant.
 * @param complaint such as "fit no known shape"
 */
export function unknownKeys(row: object, known: readonly string[], complaint: string, help: string): RowError {
  const keys = Object.keys(row);
  const meant = keys.flatMap((key) => {
    const near = known.includes(key) ? undefined : nearestName(key, known);
    return near ? [`"${key}" looks like "${near}"`] : [];
  });
  const found = keys.length > 0 ? `the keys ${keys.map((key) => `"${key}"`).join(', ')}` : 'an object without keys';
  return new RowError(`${found} ${complaint}${meant.length > 0 ? `; ${meant.join(', ')}` : ''}`, help);
}

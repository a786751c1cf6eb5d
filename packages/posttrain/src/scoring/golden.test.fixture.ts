import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../../golden/scoring/', import.meta.url));

/** Why tests on fixtures are skipped, or false: the published package does not carry them. */
export const skipWithoutGolden = existsSync(folder) ? false : 'only in the repository';

/** What golden/scoring/make.py wrote. */
export function scoringGolden<T>(name: string): T {
  return JSON.parse(readFileSync(folder + name, 'utf8')) as T;
}

/** Whether two numbers agree to the digits that the specification prints. */
export function agrees(actual: number | null, expected: number, digits = 6): boolean {
  return actual !== null && Math.abs(actual - expected) <= 0.5 * 10 ** -digits + 1e-12;
}

import { storedFacts } from './documents.ts';
import { rowRandom } from './mix.ts';
import type { SegmentsRow } from './segments.ts';
import { createWorld, type Domain, type PocketWorld } from './world.ts';

/**
 * `count` documents of a domain for its adaptation, each telling all about two remedies or laws, in the form of the base's biographies.
 * The same seed gives the same rows, and a larger count only adds to them.
 */
export function domainRows(
  domain: Domain,
  count: number,
  seed: number,
  world: PocketWorld = createWorld(),
): SegmentsRow[] {
  return Array.from({ length: count }, (_, index) =>
    storedFacts(world.domains[domain], rowRandom(domain, seed, 'domain', index)),
  );
}

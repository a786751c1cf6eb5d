import { Random } from '../../support/random.ts';

/** Shares of named forms; they need not sum to one. */
export type Mix<Name extends string> = Readonly<Partial<Record<Name, number>>>;

/**
 * The form of row `index`: a pure function, so that a longer file begins with the shorter one.
 * Rows then draw their content from streams of their own (see `rowRandom`).
 */
export function formOfRow<Name extends string>(mix: Mix<Name>, seed: number, path: string, index: number): Name {
  const shares = Object.entries(mix) as [Name, number][];
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  let left = Random.of(seed, 'pocket', path, 'form', index).float() * total;
  for (const [name, share] of shares) {
    left -= share;
    if (left < 0) return name;
  }
  return shares.at(-1)![0];
}

/** What row `index` draws its content from when it has the form `name`. Other forms of the mix do not change it. */
export function rowRandom(name: string, seed: number, path: string, index: number): Random {
  return Random.of(seed, 'pocket', path, name, index);
}

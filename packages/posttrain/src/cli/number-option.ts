import { InvalidArgumentError } from 'commander';

interface Bounds {
  readonly integer?: boolean;
  readonly min?: number;
  readonly max?: number;
}

/** A parser for an option that takes a number; what is wrong becomes part of commander's message. */
export function numberOption(bounds: Bounds): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const fits = value >= (bounds.min ?? Number.NEGATIVE_INFINITY) && value <= (bounds.max ?? Number.POSITIVE_INFINITY);
    if (fits && (!bounds.integer || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Expected ${describe(bounds)}.`);
  };
}

function describe({ integer, min, max }: Bounds): string {
  const kind = integer ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min === undefined && max === undefined) return kind;
  return min === undefined ? kind : `${kind} of at least ${min}`;
}

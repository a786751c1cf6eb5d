/** Levenshtein distance with transpositions (optimal string alignment) between two short names. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforePrevious[j - 2]! + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** `choices`, the most alike first; ties keep their order. */
export function nearestFirst(name: string, choices: readonly string[]): string[] {
  const lower = name.toLowerCase();
  return choices
    .map((choice, index) => ({ choice, index, distance: editDistance(lower, choice.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
    .map(({ choice }) => choice);
}

/** The one choice that a typo most likely meant, or undefined when none is close. */
export function nearestName(name: string, choices: readonly string[]): string | undefined {
  const best = nearestFirst(name, choices)[0];
  if (best === undefined) return undefined;
  return editDistance(name.toLowerCase(), best.toLowerCase()) <= Math.max(1, Math.floor(name.length / 3))
    ? best
    : undefined;
}

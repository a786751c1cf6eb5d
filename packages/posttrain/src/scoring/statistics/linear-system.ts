/**
 * The inverse of a symmetric positive definite matrix, by Gauss–Jordan elimination without pivoting, which needs none.
 * For the small systems of a rating model: one row per model.
 */
export function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let p = 0; p < n; p++) {
    const pivot = rows[p]!;
    const scale = pivot[p]!;
    for (let j = 0; j < 2 * n; j++) pivot[j] = pivot[j]! / scale;
    for (let i = 0; i < n; i++) {
      if (i === p) continue;
      const row = rows[i]!;
      const factor = row[p]!;
      for (let j = 0; j < 2 * n; j++) row[j] = row[j]! - factor * pivot[j]!;
    }
  }
  return rows.map((row) => row.slice(n));
}

/** matrix · vector */
export function times(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return matrix.map((row) => row.reduce((sum, x, j) => sum + x * vector[j]!, 0));
}

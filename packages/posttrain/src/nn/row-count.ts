/**
 * How many rows a product in bf16 is computed with where `rows` are wanted. libtorch's library compiles each product for
 * each number of rows and keeps the machine code, some 10 MB for the products of a decoder; so there are 32 numbers
 * between a power of two and the next, and at most 3 % of the rows are fill.
 */
export function roundRows(rows: number): number {
  const unit = Math.max(1, 2 ** (Math.floor(Math.log2(rows)) - 5));
  return Math.ceil(rows / unit) * unit;
}

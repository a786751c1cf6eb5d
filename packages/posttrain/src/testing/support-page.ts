import { type Cell, layouts, matrixMethods, type Outcome, ways, weights } from './support-matrix.ts';

/** The text of docs/support.md. */
export function supportPage(outcomeOf: (cell: Cell) => Outcome): string {
  const columns = layouts.flatMap((layout) => ways.map((way) => ({ layout, way })));
  const head = ['method', 'weights', ...columns.map(({ layout, way }) => `${layout}, ${way}`)];
  const rows = matrixMethods.flatMap(([name, method]) =>
    weights.map((trained) => [
      `\`${name}\``,
      trained,
      ...columns.map((column) => ('refused' in outcomeOf({ method, weights: trained, ...column }) ? 'refused' : '✓')),
    ]),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    '# What works together',
    '',
    'Made by `node scripts/support.mjs` from runs: each cell trains three steps of a tiny model in float32. ✓: its losses and gradient norms are those of the whole batch at once,',
    'to rounding, and bit for bit where a run was stopped and resumed. refused: a recipe error says why. `npm test` runs every cell.',
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
    '- *rows*: sequences of their own length, without padding. *packed*: several rows in a sequence, which do not see each other. Judged answers, and those that the model draws, are not packed, as nothing is padded.',
    '- `./dft.ts`: a method from outside, [examples/outside-method](../examples/outside-method/dft.ts).',
    '- *accumulation*: four micro-batches for one. *recomputation*: activations are computed again in the backward pass. *resume*: stopped after a step, and gone on with.',
    '',
  ].join('\n');
}

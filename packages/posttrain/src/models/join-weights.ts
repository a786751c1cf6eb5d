import { cat, noGrad, scope } from '../tensor/index.ts';
import type { Decoder } from './decoder.ts';

/**
 * Lays weights that multiply the same input one after the other in memory, each a view of the whole under its own name.
 * To be called whenever parameters have been replaced; a product over weights that lie apart is right all the same.
 */
export function joinWeights(model: Decoder): void {
  for (const linears of model.joined) {
    scope(() =>
      noGrad(() => {
        const whole = cat(linears.map(({ weight }) => weight));
        let row = 0;
        for (const linear of linears) {
          const rows = linear.weight.shape[0]!;
          const joined = whole.narrow(0, row, rows).keep();
          linear.weight.dispose();
          linear.weight = joined;
          row += rows;
        }
      }),
    );
  }
}

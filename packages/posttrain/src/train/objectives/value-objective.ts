import type { TokenRow, ValuedTokens } from '../../data/types.ts';
import { tensor, toArray } from '../../tensor/index.ts';
import { weightOf } from '../batch.ts';
import { valueLosses } from '../losses/value.ts';
import type { ScoreObjective } from '../objective.ts';

/** What a critic learns of answers that were drawn: the mean over tokens of its squared error. Rows have a `rollout` with `valued`. */
export function valueObjective({ clipValue }: { readonly clipValue: number | false }): ScoreObjective {
  return {
    name: 'value',
    needs: 'values',
    dropout: false,
    weight: weightOf,
    loss(values, { rows }) {
      const valued = rows.map(({ row }) => valuedOf(row));
      const joined = (of: (one: ValuedTokens) => Float32Array) =>
        tensor(
          valued.flatMap((one) => [...of(one)]),
          { device: values.device },
        );
      const { terms, clipped } = valueLosses(
        values,
        joined((one) => one.values),
        joined((one) => one.returns),
        clipValue,
      );
      return { sum: terms.sumAll(), metrics: { valueClipped: toArray(clipped).map(Number) } };
    },
  };
}

function valuedOf({ rollout }: TokenRow): ValuedTokens {
  if (rollout?.valued) return rollout.valued;
  throw new TypeError('a row that a critic learns from has values and returns');
}

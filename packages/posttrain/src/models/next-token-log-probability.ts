import { scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import type { CausalLm } from './causal-lm.ts';

/** How likely is `token` after the state at `position`? */
export interface Asked {
  readonly position: number;
  readonly token: number;
}

/** Bytes of float32 logits that exist at once: what a processor's last cache holds. */
const chunkBytes = 16 * 2 ** 20;
/** Fewer rows than this would leave the matrix product waiting for the head's weights. */
const fewestRows = 64;

/**
 * log p of each token asked for, in nats, and whether it is the likeliest, the first of equally likely ones. Only positions that are asked go
 * through the vocabulary projection, each once, in chunks. NaN stays NaN, and a logit of −∞ gives −∞.
 * @param states normed hidden states [N, D]
 */
export function lookUp(
  model: Pick<CausalLm, 'logits' | 'dimensions'>,
  states: Tensor,
  asked: readonly Asked[],
): { logps: number[]; first: boolean[] } {
  const rows = [...new Set(asked.map(({ position }) => position))].sort((a, b) => a - b);
  const rowOf = new Map(rows.map((position, row) => [position, row]));
  const byRow: number[][] = rows.map(() => []);
  for (const [i, { position }] of asked.entries()) byRow[rowOf.get(position)!]!.push(i);
  const logps = new Array<number>(asked.length);
  const first = new Array<boolean>(asked.length);
  const chunk = Math.max(fewestRows, Math.floor(chunkBytes / (4 * model.dimensions.vocabulary)));
  for (let start = 0; start < rows.length; start += chunk) {
    const these = byRow.slice(start, start + chunk).flatMap((members, row) => members.map((i) => ({ i, row })));
    const found = scope(() =>
      inChunk(
        model.logits(states.indexSelect(0, whole(rows.slice(start, start + chunk), states))),
        these.map(({ i, row }) => ({ position: row, token: asked[i]!.token })),
      ),
    );
    for (const [k, { i }] of these.entries()) {
      logps[i] = found.logps[k]!;
      first[i] = found.first[k]!;
    }
  }
  return { logps, first };
}

/** The same from logits [R, V]. */
function inChunk(logits: Tensor, asked: readonly Asked[]): { logps: number[]; first: boolean[] } {
  const vocabulary = logits.shape[1]!;
  const places = asked.map(({ position, token }) => position * vocabulary + token);
  const chosen = toArray(logits.view([-1]).indexSelect(0, whole(places, logits)));
  const highest = toArray(logits.amax([-1]));
  const total = toArray(logits.logsumexp([-1]));
  // Among equals the first counts, and only the search for it tells which that is: it is asked where the maximum is met.
  const likely = [
    ...new Set(asked.filter(({ position }, k) => chosen[k] === highest[position]).map((one) => one.position)),
  ];
  const winners = likely.length === 0 ? [] : toArray(logits.indexSelect(0, whole(likely, logits)).argmax(-1));
  const winner = new Map(likely.map((position, k) => [position, winners[k]!]));
  return {
    logps: asked.map(({ position }, k) => chosen[k]! - total[position]!),
    first: asked.map(({ position, token }) => winner.get(position) === token),
  };
}

function whole(values: readonly number[], beside: Tensor): Tensor {
  return tensor(values, { dtype: 'int64', device: beside.device });
}

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PackedAttention } from '../../nn/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { Random } from '../../support/random.ts';
import { type DType, noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import type { CausalLm } from '../causal-lm.ts';
import { type LoadedModel, loadCausalLm } from '../load.ts';
import { isAdapterFolder, resolveModelFolder } from '../model-folder.ts';
import { saveModelFolder } from '../save.ts';
import { mergeAdapters, withoutAdapters } from './adapters.ts';
import type { MergeRequest, MergeResult } from './merge-request.ts';

/** What rounding every weight to the stored type moves logits by, with room: half a unit of the last place, through all blocks. */
const roundingOf: Partial<Record<DType, number>> = { float32: 1e-4, float16: 1e-2, bfloat16: 5e-2 };
/** Rows and tokens that the logits are compared on. */
const [rows, tokens] = [4, 64];

/**
 * Adds an adapter into the weights of its base and writes the sum as an ordinary model folder. What was written is read
 * again and its logits, in float32 on tokens from a fixed seed, are held to those of base and adapter apart; only then is the folder put in place.
 *
 * @param finish adds what else belongs into the folder before it is put in place
 * @throws weights-invalid where logits differ by more than the tolerance, model-invalid where `adapter` is none,
 *   file-unwritable where `out` is taken; nothing is left behind then
 */
export function mergeAdapterFolder(request: MergeRequest, finish: (temporary: string) => void = () => {}): MergeResult {
  const folder = resolveModelFolder(request.adapter);
  if (!isAdapterFolder(folder))
    throw new PosttrainError('model-invalid', `${folder} is no adapter: it has no adapter_config.json.`, {
      place: { file: folder },
      help: 'give a checkpoint of a run with lora, or a folder that PEFT wrote.',
    });
  const out = resolve(request.out);
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new PosttrainError('file-unwritable', `${out} is there already.`, {
      place: { file: out },
      help: 'name a folder that does not exist.',
    });
  const temporary = `${out}.merging-${process.pid}`;
  mkdirSync(dirname(out), { recursive: true });
  try {
    const { base, storedDtype, unmerged, effect } = writeMerged(folder, temporary, request.base);
    const largestDifference = differenceOf(temporary, unmerged);
    const tolerance = request.tolerance ?? roundingOf[storedDtype] ?? 1e-4;
    // Not a number is no match either.
    if (!(largestDifference <= tolerance)) throw tooFar(folder, largestDifference, tolerance, storedDtype);
    finish(temporary);
    if (existsSync(out)) rmSync(out, { recursive: true });
    renameSync(temporary, out);
    return { out, base, dtype: storedDtype, largestDifference, tolerance, effect };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Logits of base and adapter apart, then the merged folder. */
function writeMerged(folder: string, target: string, base: string | undefined) {
  const loaded = loadCausalLm(folder, { base, adapter: 'apart' });
  using model = loaded.model;
  const unmerged = logitsOf(model);
  const plain = withoutAdapters(model, () => logitsOf(model));
  const effect = relative(plain, unmerged);
  mergeAdapters(model);
  save(target, loaded);
  return { base: loaded.base, storedDtype: loaded.storedDtype, unmerged, effect };
}

function save(target: string, { model, folder, base, storedDtype }: LoadedModel): void {
  scope(() =>
    noGrad(() => {
      const weights = new Map(
        [...model.namedParameters()].map(([name, weight]): [string, Tensor] => [name, weight.toDtype(storedDtype)]),
      );
      saveModelFolder(target, folder, weights, { base });
    }),
  );
}

function differenceOf(folder: string, expected: Float32Array): number {
  using model = loadCausalLm(folder).model;
  return relative(logitsOf(model), expected);
}

/** Logits on rows of tokens that a fixed seed draws, [rows · tokens · V]. */
function logitsOf(model: CausalLm): Float32Array {
  const { vocabulary, context } = model.dimensions;
  const length = Math.min(tokens, context);
  const random = Random.of(0, 'merge');
  const ids = Array.from({ length: rows * length }, () => random.int(vocabulary));
  return scope(() =>
    noGrad(() => {
      using attention = new PackedAttention(new Array<number>(rows).fill(length));
      const logits = model.logits(model.call(tensor(ids, { dtype: 'int64' }), attention)).contiguous();
      const values = new Float32Array(logits.count);
      logits.readBytes(values);
      return values;
    }),
  );
}

/** max |a − b| / max |b|; NaN where one of them is. */
function relative(a: Float32Array, b: Float32Array): number {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(apart)) return Number.NaN;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return difference / largest;
}

function tooFar(folder: string, difference: number, tolerance: number, dtype: DType): PosttrainError {
  return new PosttrainError(
    'weights-invalid',
    `logits of the merged model are ${difference.toExponential(2)} of the largest logit away from those of base and adapter; ${tolerance} is allowed. Nothing was written.`,
    {
      place: { file: folder },
      help:
        dtype === 'float32'
          ? 'the adapter or its base holds numbers that float32 does not hold; use an earlier checkpoint.'
          : `the base stores ${dtype}, which rounds the sum: merge into a float32 copy of the base (--base), or raise --tolerance.`,
      data: { difference: String(difference), tolerance },
    },
  );
}

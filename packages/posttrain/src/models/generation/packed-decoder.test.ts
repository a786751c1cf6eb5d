import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noGrad, type Tensor } from '../../tensor/index.ts';
import { assertClose, assertNoLeak, goldenPath, relativeError } from '../../testing/golden.ts';
import { loadCausalLm } from '../load.ts';
import type { Decoder } from './decoder.ts';
import { ModuleDecoder } from './module-decoder.ts';
import { PackedDecoder } from './packed-decoder.ts';
import { PackedWeights } from './packed-weights.ts';

const models = ['tiny/tied', 'tiny/untied', 'tiny/biases', 'tiny/llama3-rope', 'models/stories260K', 'models/tiny-bpe'];
const prompts = [
  Array.from({ length: 39 }, (_, i) => (5 * i + 7) % 128),
  [4, 4],
  Array.from({ length: 16 }, (_, i) => 11 + i),
];

/** Logits after the prompts and after each of `tokens` steps; row 1 leaves half way. */
function* course(decoder: Decoder, promptOf: readonly number[], tokens: number): Generator<Tensor> {
  for (const _ of decoder.begin(prompts, promptOf));
  let rows = promptOf.map((_, row) => row);
  for (let step = 0; step <= tokens; step++) {
    using shown = decoder.logits.narrow(0, 0, rows.length);
    yield shown;
    if (step === Math.floor(tokens / 2)) {
      decoder.keepRows(rows.flatMap((row, i) => (row === 1 ? [] : [i])));
      rows = rows.filter((row) => row !== 1);
    }
    decoder.step(rows.map((row) => (7 * step + 3 * row) % 128));
  }
}

for (const name of models)
  test(`${name}: packed logits are those of the family’s own forward pass`, () =>
    assertNoLeak(() => {
      const { model } = loadCausalLm(goldenPath(name));
      using _model = model;
      using weights = new PackedWeights(model.decoderParts!);
      for (const promptOf of [
        [0, 1, 2],
        [2, 0, 0, 1, 2, 0],
      ]) {
        using packed = new PackedDecoder(model.dimensions, weights, 80);
        using plain = new ModuleDecoder(model, 40);
        const ours = course(packed, promptOf, 40);
        let step = 0;
        for (const expected of course(plain, promptOf, 40))
          assertClose(ours.next().value as Tensor, expected, 1e-5, `step ${step++} of rows ${promptOf}`);
        ours.return(undefined);
      }
    }));

test('in bf16 the packed logits are no further from float32 than the plain ones', () =>
  assertNoLeak(() => {
    const name = goldenPath('models/stories260K');
    const exact = loadCausalLm(name).model;
    const short = loadCausalLm(name, { precision: 'bf16' }).model;
    using _exact = exact;
    using _short = short;
    using weights = new PackedWeights(short.decoderParts!);
    using packed = new PackedDecoder(short.dimensions, weights, 80);
    using plain = new ModuleDecoder(short, 40);
    using reference = new ModuleDecoder(exact, 40);
    const rows = [0, 1, 2];
    const [ours, theirs] = [course(packed, rows, 20), course(plain, rows, 20)];
    const errors = { ours: 0, theirs: 0 };
    for (const expected of course(reference, rows, 20)) {
      errors.ours += relativeError(ours.next().value as Tensor, expected);
      errors.theirs += relativeError(theirs.next().value as Tensor, expected);
    }
    for (const unfinished of [ours, theirs]) unfinished.return(undefined);
    assert.ok(errors.ours <= errors.theirs * 1.1, `${errors.ours / 21} against ${errors.theirs / 21}`);
  }));

test('packed weights are a copy: they change when they are packed again', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/biases'));
    using _ = model;
    using weights = new PackedWeights(model.decoderParts!);
    const logits = () => {
      using decoder = new PackedDecoder(model.dimensions, weights, 60);
      for (const _step of decoder.begin([prompts[0]!], [0]));
      return decoder.logits.clone().keep();
    };
    using before = logits();
    noGrad(() => {
      for (const parameter of model.parameters()) if (parameter.shape.length === 2) parameter.mul_(0.5);
    });
    model.parameters()[0]!.mul_(2); // the embedding is read where it lies
    using still = logits();
    assert.equal(relativeError(still, before), 0);
    weights.repack();
    using packed = logits();
    using plain = new ModuleDecoder(model, 1);
    for (const _step of plain.begin([prompts[0]!], [0]));
    assertClose(packed, plain.logits, 1e-5, 'after packing again');
    assert.ok(relativeError(packed, before) > 0.01);
  }));

test('packed weights take the bytes of the matrices, filled up to panels of 32', () => {
  const { model } = loadCausalLm(goldenPath('tiny/tied'));
  using _ = model;
  using weights = new PackedWeights(model.decoderParts!);
  const { vocabulary, width, layers } = model.dimensions;
  // Of each block: queries, keys and values (64 + 32 + 32), output, gates and ups (56 each, 64 with the filling), down.
  const block = 128 * 32 + 32 * 64 + 2 * 64 * 32 + 32 * 56;
  assert.equal(weights.bytes, 4 * (vocabulary * width + layers * block));
});

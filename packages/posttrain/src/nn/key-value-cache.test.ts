import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, loadCausalLm } from '../models/index.ts';
import { noGrad, scope, type Tensor, tensor } from '../tensor/index.ts';
import { assertClose, assertNoLeak, goldenPath } from '../testing/golden.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { PackedAttention } from './packed-attention.ts';

const prompts = [
  [5, 9, 2, 77, 31],
  [4, 4],
  [11, 12, 13, 14, 15, 16, 17, 18],
];

test('cached logits are those of the whole sequence, for prompts of unequal length and past the first growth', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/llama3-rope'));
    using _ = model;
    using cache = new KeyValueCache(
      prompts.map((prompt) => prompt.length),
      2, // less room than needed: the cache has to grow
    );
    const rows = prompts.map((prompt) => [...prompt]);
    scope(() =>
      noGrad(() => {
        using attention = cache.prefill();
        model.call(tensor(rows.flat(), { dtype: 'int64' }), attention);
        for (let i = 0; i < 12; i++) {
          const next = rows.map((_row, r) => (7 * i + 3 * r) % 128);
          for (const [r, row] of rows.entries()) row.push(next[r]!);
          using step = cache.decode();
          const cached = model.logits(model.call(tensor(next, { dtype: 'int64' }), step));
          for (const [r, row] of rows.entries()) {
            using whole = new PackedAttention([row.length]);
            const full = model.logits(model.call(tensor(row, { dtype: 'int64' }), whole)) as Tensor;
            assertClose(cached.select(0, r), full.select(0, -1), 1e-5, `row ${r}, token ${i}`);
          }
        }
      }),
    );
  }));

test('a row’s answer does not depend on the rows beside it, greedy or sampled', () =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const run = async (rows: readonly number[][], seeds: readonly number[], temperature: number) => {
      const made: number[][] = rows.map(() => []);
      // Token 3 ends a row, so that rows leave the batch at different times.
      const finish = await decode(model, rows, {
        maxTokens: 30,
        endTokens: new Set([3]),
        sampling: { temperature, topK: 40, topP: 0.95, minP: 0.01 },
        seeds,
        onToken: (row, token) => void made[row]!.push(token),
      });
      return made.map((tokens, i) => ({ tokens, finish: finish[i] }));
    };
    for (const temperature of [0, 1]) {
      const together = await run(prompts, [1, 2, 3], temperature);
      for (const [i, prompt] of prompts.entries())
        assert.deepEqual((await run([prompt], [i + 1], temperature))[0], together[i]);
    }
  }));

test('the same seed repeats an answer, another seed gives another', () =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const sample = async (seed: number) => {
      const made: number[] = [];
      await decode(model, [prompts[0]!], {
        maxTokens: 20,
        endTokens: new Set(),
        sampling: { temperature: 1 },
        seeds: [seed],
        onToken: (_r, t) => void made.push(t),
      });
      return made.join(' ');
    };
    assert.equal(await sample(8), await sample(8));
    assert.notEqual(await sample(8), await sample(9));
  }));

test('an abort ends decoding with the signal’s reason', () =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const abort = new AbortController();
    let tokens = 0;
    await assert.rejects(
      decode(model, [prompts[0]!], {
        maxTokens: 50,
        endTokens: new Set(),
        sampling: { temperature: 0 },
        seeds: [0],
        signal: abort.signal,
        onToken: () => void (++tokens === 5 && abort.abort(new Error('enough'))),
      }),
      /enough/,
    );
    assert.equal(tokens, 5);
  }));

test('a prompt that fills the context is refused with both lengths', async () => {
  const { model } = loadCausalLm(goldenPath('tiny/tied'));
  using _ = model;
  const options = {
    maxTokens: 1,
    endTokens: new Set<number>(),
    sampling: { temperature: 0 },
    seeds: [0],
    onToken: () => {},
  };
  await assert.rejects(decode(model, [Array.from({ length: 128 }, () => 1)], options), {
    code: 'usage',
    message: /prompt 0 has 128 tokens; the model's context is 128/,
  });
});

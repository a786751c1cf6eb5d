import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelOn } from '../../native/kernel-switch.ts';
import { PackedAttention } from '../../nn/index.ts';
import { noGrad, scope, tensor, toArray } from '../../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../../testing/golden.ts';
import type { CausalLm } from '../causal-lm.ts';
import { loadCausalLm } from '../load.ts';
import { decode } from './decode.ts';
import type { Sampling } from './sampler.ts';

interface Answer {
  readonly tokens: number[];
  readonly logps: number[];
}

async function answers(
  model: CausalLm,
  prompts: readonly (readonly number[])[],
  sampling: Sampling,
  seeds: readonly number[],
): Promise<Answer[]> {
  const made = prompts.map((): Answer => ({ tokens: [], logps: [] }));
  await decode(model, prompts, {
    maxTokens: 24,
    endTokens: new Set([3]),
    sampling,
    seeds,
    onToken: (row, token, logp) => {
      made[row]!.tokens.push(token);
      made[row]!.logps.push(logp);
    },
  });
  return made;
}

const long = Array.from({ length: 300 }, (_, i) => (7 * i + 3) % 512);

test('samples of one prompt, run once, are those that each would have had alone; prompts may span several pieces', () =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('models/stories260K'));
    using _ = model;
    const prompts = [long, [9, 8, 7], long, long.slice(20), [9, 8, 7], long];
    const sampling = { temperature: 1, topP: 0.95 };
    const together = await answers(model, prompts, sampling, [1, 2, 3, 4, 5, 6]);
    assert.notDeepEqual(together[0], together[2]);
    for (const [row, prompt] of prompts.entries()) {
      const [alone] = await answers(model, [prompt], sampling, [row + 1]);
      assert.deepEqual(alone!.tokens, together[row]!.tokens, `row ${row}`);
      // Without kernels libtorch adds in an order that depends on the number of rows.
      for (const [t, logp] of alone!.logps.entries()) {
        const off = Math.abs(logp - together[row]!.logps[t]!);
        assert.ok(kernelOn('decode') ? off === 0 : off < 1e-4, `row ${row}, token ${t}: off by ${off}`);
      }
    }
  }));

test('the log-probabilities are those of the whole sequence’s forward pass at the temperature, to 1e-4 nats', () =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('models/stories260K'));
    using _ = model;
    const prompts = [long, [9, 8, 7]];
    const made = await answers(model, prompts, { temperature: 0.8 }, [1, 2]);
    for (const [row, { tokens, logps }] of made.entries()) {
      const whole = [...prompts[row]!, ...tokens];
      const expected = scope(() =>
        noGrad(() => {
          using attention = new PackedAttention([whole.length]);
          const states = model.call(tensor(whole, { dtype: 'int64' }), attention);
          const before = model.logits(states.narrow(0, prompts[row]!.length - 1, tokens.length)).div(0.8);
          const ids = tensor(tokens, { dtype: 'int64' });
          return toArray(before.logSoftmax(-1).gather(1, ids.unsqueeze(1)));
        }),
      );
      assert.equal(logps.length, tokens.length);
      for (const [t, logp] of logps.entries())
        assert.ok(Math.abs(logp - expected[t]!) <= 1e-4, `row ${row}, token ${t}`);
    }
  }));

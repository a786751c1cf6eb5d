import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PackedAttention } from '../nn/index.ts';
import { noGrad, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import {
  assertClose,
  assertNoLeak,
  goldenJson,
  goldenPath,
  gradientTolerance,
  valueTolerance,
  withTensors,
} from '../testing/golden.ts';
import type { CausalLm } from './causal-lm.ts';
import { decode } from './generation/decode.ts';
import { loadCausalLm } from './load.ts';

interface Greedy {
  readonly prompt: number[];
  readonly tokens: number[];
  readonly gaps?: number[];
}

interface Checkpoint {
  readonly texts: readonly { readonly ids: number[]; readonly meanNll: number; readonly logits?: string }[];
  readonly gradients: { readonly text: number };
  readonly greedy: Greedy;
}

interface Tiny {
  readonly rows: readonly number[][];
  readonly loss: number;
  readonly greedy: Greedy;
}

/** Hidden states of several rows in one pass, and the mean NLL of all next-token targets, as a graph. */
function forward(model: CausalLm, rows: readonly number[][]): { logits: Tensor[]; loss: Tensor } {
  using attention = new PackedAttention(rows.map((row) => row.length));
  const all = model.logits(model.call(tensor(rows.flat(), { dtype: 'int64' }), attention));
  let start = 0;
  let sum: Tensor | undefined;
  const logits = rows.map((row) => {
    const own = all.narrow(0, start, row.length);
    start += row.length;
    const targets = tensor(row.slice(1), { dtype: 'int64' }).unsqueeze(1);
    const nll = own
      .narrow(0, 0, row.length - 1)
      .logSoftmax(-1)
      .gather(1, targets)
      .sumAll()
      .neg();
    sum = sum ? sum.add(nll) : nll;
    return own;
  });
  return { logits, loss: sum!.div(rows.reduce((count, row) => count + row.length - 1, 0)) };
}

function assertGradients(model: CausalLm, view: (name: string) => Tensor, prefix: string): void {
  for (const [name, parameter] of model.namedParameters())
    assertClose(parameter.grad!, view(prefix + name), gradientTolerance, `gradient of ${name}`);
}

async function assertGreedy(model: CausalLm, { prompt, tokens }: Greedy): Promise<void> {
  const made: number[] = [];
  await decode(model, [prompt], {
    maxTokens: tokens.length,
    endTokens: new Set(),
    sampling: { temperature: 0 },
    seeds: [0],
    onToken: (_row, token) => void made.push(token),
  });
  assert.deepEqual(made, tokens);
}

for (const name of ['babyllama-361', 'stories260K']) {
  test(`${name}: logits, loss, every gradient and greedy tokens are transformers'`, () =>
    assertNoLeak(async () => {
      const fixture = goldenJson<Checkpoint>(`models/${name}/fixture.json`);
      const { model } = loadCausalLm(goldenPath(`models/${name}`));
      using _ = model.requireGrad(true);
      for (const text of fixture.texts) {
        scope(() =>
          noGrad(() => {
            const { logits, loss } = forward(model, [text.ids]);
            assert.ok(
              Math.abs(loss.item() - text.meanNll) <= 1e-5 * text.meanNll,
              `mean NLL ${loss.item()}, expected ${text.meanNll}`,
            );
            if (text.logits)
              withTensors(`models/${name}/logits.safetensors`, (view) =>
                assertClose(logits[0]!, view(text.logits!), valueTolerance, 'logits'),
              );
          }),
        );
      }
      scope(() => {
        forward(model, [fixture.texts[fixture.gradients.text]!.ids]).loss.backward();
        withTensors(`models/${name}/gradients.safetensors`, (view) => assertGradients(model, view, ''));
      });
      await assertGreedy(model, fixture.greedy);
    }));
}

for (const variant of ['untied', 'tied', 'llama3-rope', 'biases', 'sharded', 'bf16-file']) {
  test(`tiny Llama, ${variant}: logits, loss and every gradient are transformers'`, () =>
    assertNoLeak(async () => {
      const fixture = goldenJson<Tiny>(`tiny/${variant}/fixture.json`);
      const { model } = loadCausalLm(goldenPath(`tiny/${variant}`));
      using _ = model.requireGrad(true);
      scope(() =>
        withTensors(`tiny/${variant}/tensors.safetensors`, (view, names) => {
          const { logits, loss } = forward(model, fixture.rows);
          for (const [i, own] of logits.entries())
            assertClose(own, view(`logits.row${i}`), valueTolerance, `logits of row ${i}`);
          assert.ok(Math.abs(loss.item() - fixture.loss) <= 1e-5 * fixture.loss);
          loss.backward();
          if (names.some((name) => name.startsWith('gradient.'))) assertGradients(model, view, 'gradient.');
        }),
      );
      await assertGreedy(model, fixture.greedy);
    }));
}

test('a fixture can fail: other rotary frequencies, or a norm without its weight, are far outside the tolerance', () => {
  const { rows } = goldenJson<Tiny>('tiny/untied/fixture.json');
  const { model } = loadCausalLm(goldenPath('tiny/untied'));
  using _ = model;
  const logitsOf = () => scope(() => noGrad(() => toArray(forward(model, [rows[0]!]).logits[0]!)));
  const before = logitsOf();
  const norm = [...model.namedParameters()].find(([name]) => name.endsWith('layers.0.input_layernorm.weight'))![1];
  noGrad(() => norm.fill_(1));
  const after = logitsOf();
  const largest = Math.max(...before.map(Math.abs));
  assert.ok(Math.max(...before.map((value, i) => Math.abs(value - after[i]!))) / largest > 100 * valueTolerance);
});

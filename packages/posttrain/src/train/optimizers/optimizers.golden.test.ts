import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreachMul_, noGrad, scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { assertNoLeak, goldenJson } from '../../testing/golden.ts';
import { clipFactor, gradientNorm } from '../trainable.ts';
import { AdamW } from './adamw.ts';
import { Muon } from './muon.ts';
import type { Optimizer } from './optimizer.ts';

type Values = readonly number[] | readonly (readonly number[])[];
type Named = Readonly<Record<string, Values>>;

function make(values: Values): Tensor {
  const rows = values as readonly (readonly number[])[];
  return Array.isArray(rows[0])
    ? tensor(rows.flat(), { shape: [rows.length, rows[0]!.length] }).keep()
    : tensor(values as readonly number[]).keep();
}

/** max|a−b| / max|b| over one parameter. */
function errorOf(actual: Tensor, expected: Values): number {
  const want = (expected as readonly (number | readonly number[])[]).flat();
  const got = toArray(actual);
  return Math.max(...got.map((value, i) => Math.abs(value - want[i]!))) / Math.max(...want.map(Math.abs));
}

function run(
  makeOptimizer: (p: { names: string[]; masters: Tensor[] }) => Optimizer,
  start: Named,
  gradients: readonly Named[],
  rate: (step: number) => number,
  check: (step: number, masters: ReadonlyMap<string, Tensor>) => void,
): void {
  const names = Object.keys(start);
  const masters = names.map((name) => make(start[name]!));
  const optimizer = makeOptimizer({ names, masters });
  for (const [step, of] of gradients.entries()) {
    const made = names.map((name) => make(of[name]!));
    optimizer.step(made, rate(step));
    for (const gradient of made) gradient.dispose();
    check(step, new Map(names.map((name, i) => [name, masters[i]!])));
  }
  for (const master of masters) master.dispose();
  optimizer[Symbol.dispose]();
}

interface AdamWFixture {
  readonly start: Named;
  readonly gradients: readonly Named[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly options: { lr: number; betas: [number, number]; eps: number; weight_decay: number };
        readonly lrs: number[] | null;
        readonly after: readonly Named[];
      }
    >
  >;
}

const adamw = goldenJson<AdamWFixture>('optim/adamw.json');
for (const [name, { options, lrs, after }] of Object.entries(adamw.cases)) {
  test(`AdamW, ${name}: ten steps are torch.optim.AdamW's`, () =>
    assertNoLeak(() => {
      const { betas, eps, weight_decay: weightDecay } = options;
      run(
        (parameters) => new AdamW(parameters, { betas, eps, weightDecay }),
        adamw.start,
        adamw.gradients,
        (step) => lrs?.[step] ?? options.lr,
        (step, masters) => {
          assert.ok(errorOf(masters.get('matrix')!, after[step]!['matrix']!) < 2e-6, `matrix after step ${step + 1}`);
          // torch decays vectors too where one group holds all; ours never does.
          if (weightDecay === 0)
            assert.ok(errorOf(masters.get('vector')!, after[step]!['vector']!) < 2e-6, `vector after step ${step + 1}`);
        },
      );
    }));
}

test('AdamW does not decay vectors: a zero gradient leaves them where they are, and shrinks matrices by 1 − lr·λ', () => {
  run(
    (parameters) => new AdamW(parameters, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.5 }),
    { matrix: [[2, -4]], vector: [3] },
    [{ matrix: [[0, 0]], vector: [0] }],
    () => 0.1,
    (_, masters) => {
      assert.deepEqual(
        toArray(masters.get('matrix')!).map((x) => x.toFixed(5)),
        ['1.90000', '-3.80000'],
      );
      assert.deepEqual(toArray(masters.get('vector')!), [3]);
    },
  );
});

interface MuonFixture {
  readonly start: Named;
  readonly gradients: readonly Named[];
  readonly keptAfterSteps: readonly number[];
  readonly cases: Readonly<
    Record<
      string,
      { readonly options: { lr: number; momentum: number; weight_decay: number }; readonly after: readonly Named[] }
    >
  >;
}

test('Muon: ten steps are torch.optim.Muon’s with match_rms_adamw', () =>
  assertNoLeak(() => {
    const fixture = goldenJson<MuonFixture>('optim/muon.json');
    const { options, after } = fixture.cases['matchRmsAdamw']!;
    let compared = 0;
    run(
      (parameters) =>
        new Muon(parameters, {
          momentum: options.momentum,
          weightDecay: options.weight_decay,
          betas: [0.9, 0.999],
          eps: 1e-8,
        }),
      fixture.start,
      fixture.gradients,
      () => options.lr,
      (step, masters) => {
        const kept = fixture.keptAfterSteps.indexOf(step + 1);
        if (kept < 0) return;
        // The orthogonalisation runs in bfloat16 on both sides: 2^-8 per operation.
        for (const [name, master] of masters)
          assert.ok(
            errorOf(master, after[kept]![name]!) < 5e-3,
            `${name} after step ${step + 1}: ${errorOf(master, after[kept]![name]!)}`,
          );
        compared++;
      },
    );
    assert.equal(compared, fixture.keptAfterSteps.length);
  }));

test('Muon leaves embeddings, head and vectors to AdamW', () => {
  const parameters = {
    names: ['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight', 'lm_head.weight', 'model.norm.weight'],
    masters: [make([[1]]), make([[1]]), make([[1]]), make([1])],
  };
  using optimizer = new Muon(parameters, { momentum: 0.95, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });
  const remembered = [...optimizer.state().keys()];
  assert.deepEqual(
    remembered.filter((name) => name.endsWith('.momentum')),
    ['model.layers.0.mlp.up_proj.weight.momentum'],
  );
  assert.equal(remembered.filter((name) => name.endsWith('.mean')).length, 3);
  for (const master of parameters.masters) master.dispose();
});

test('clipping scales all gradients by one factor, as clip_grad_norm_ does', () =>
  assertNoLeak(() => {
    const fixture = goldenJson<{ gradients: Named; cases: readonly { maxNorm: number; norm: number; after: Named }[] }>(
      'optim/clip.json',
    );
    for (const { maxNorm, norm, after } of fixture.cases) {
      scope(() =>
        noGrad(() => {
          const names = Object.keys(fixture.gradients);
          const gradients = names.map((name) => make(fixture.gradients[name]!));
          const measured = gradientNorm(gradients);
          assert.ok(Math.abs(measured - norm) < 1e-6 * norm);
          foreachMul_(gradients, clipFactor(measured, maxNorm));
          for (const [i, name] of names.entries()) {
            assert.ok(errorOf(gradients[i]!, after[name]!) < 1e-6);
            gradients[i]!.dispose();
          }
        }),
      );
    }
  }));

test('a gradient in place of another is seen: the fixture fails for a wrong factor', () => {
  const { gradients, cases } = goldenJson<{ gradients: Named; cases: readonly { after: Named }[] }>('optim/clip.json');
  using wrong = make(gradients['matrix']!);
  noGrad(() => foreachMul_([wrong], 0.9));
  assert.ok(errorOf(wrong, cases[0]!.after['matrix']!) > 1e-3);
});

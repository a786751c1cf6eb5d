import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PackedAttention } from '../nn/index.ts';
import { noGrad, SafetensorsFile, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import {
  assertClose,
  assertNoLeak,
  goldenJson,
  goldenPath,
  gradientTolerance,
  valueTolerance,
  withTensors,
} from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { rewardLosses } from '../train/losses/reward-model.ts';
import { loadCausalLm } from './load.ts';
import { loadRewardModel } from './load-reward-model.ts';
import { lastIndices, type RewardModel, scoresOf } from './reward-model.ts';
import { saveModelFolder } from './save.ts';

interface Fixture {
  readonly pad: number;
  readonly centring: number;
  readonly margins: readonly number[];
  readonly pairs: readonly (readonly [number[], number[]])[];
  readonly scores: readonly number[];
  readonly alone: readonly number[];
  readonly endsInPads: { readonly row: number[]; readonly score: number };
  readonly losses: readonly number[];
}

const fixture = goldenJson<Fixture>('reward/fixture.json');
const rows = fixture.pairs.flat();

/** Scores of rows in one line, as a graph. */
function scoresOfRows(model: RewardModel, these: readonly number[][], pad: number | null): Tensor {
  using attention = new PackedAttention(these.map(({ length }) => length));
  const hidden = model.call(tensor(these.flat(), { dtype: 'int64' }), attention);
  return model.scores(hidden, lastIndices(these, pad));
}

const valuesOf = (model: RewardModel, these: readonly number[][], pad: number | null): number[] =>
  scope(() => noGrad(() => toArray(scoresOfRows(model, these, pad)))) as number[];

function assertScores(actual: readonly number[], expected: readonly number[]): void {
  scope(() => assertClose(tensor([...actual]), tensor([...expected]), valueTolerance, 'scores'));
}

test('scores are transformers’: rows of unequal length in one line, alone, and where a row ends in pads', () =>
  assertNoLeak(() => {
    const { model } = loadRewardModel(goldenPath('reward'));
    const { pad } = model;
    using _ = model;
    assert.equal(pad, fixture.pad);
    assertScores(valuesOf(model, rows, pad), fixture.scores);
    assertScores(
      rows.map((row) => valuesOf(model, [row], pad)[0]!),
      fixture.alone,
    );
    const { row, score } = fixture.endsInPads;
    assertScores(valuesOf(model, [rows[1]!, row], pad), [fixture.scores[1]!, score]);
    // Read at the very last token, it would be another number: the pads matter.
    assert.ok(Math.abs(valuesOf(model, [row], null)[0]! - score) > 1e-2);
  }));

test('Bradley–Terry losses with margin and centring, and the gradient of every parameter, are PyTorch’s', () =>
  assertNoLeak(() => {
    const { model } = loadRewardModel(goldenPath('reward'));
    const { pad } = model;
    using _ = model.requireGrad(true);
    scope(() =>
      withTensors('reward/tensors.safetensors', (view, names) => {
        const scores = scoresOfRows(model, rows, pad);
        const side = (first: number) =>
          scores.indexSelect(0, tensor([first, first + 2, first + 4, first + 6], { dtype: 'int64' }));
        const losses = rewardLosses(side(0), side(1), tensor([...fixture.margins]), { centring: fixture.centring });
        assertClose(losses, tensor([...fixture.losses]), valueTolerance, 'losses');
        losses
          .sumAll()
          .div(rows.length / 2)
          .backward();
        const parameters = [...model.namedParameters()];
        assert.deepEqual(parameters.map(([name]) => `gradient.${name}`).sort(), [...names].sort());
        for (const [name, parameter] of parameters)
          assertClose(parameter.grad!, view(`gradient.${name}`), gradientTolerance, `gradient of ${name}`);
      }),
    );
  }));

test('scoresOf by hand: the state at the last token, times the head', () => {
  scope(() => {
    const hidden = tensor([1, 2, 3, 4, 5, 6, 7, 8]).reshape([4, 2]);
    const last = lastIndices([[7], [8, 9, 0]], 0); // the second row reads at its 9
    assert.deepEqual(toArray(last), [0, 2]);
    assert.deepEqual(toArray(scoresOf(hidden, tensor([10, -1]).reshape([1, 2]), last)), [8, 44]);
    assert.deepEqual(toArray(lastIndices([[0, 0], [5]], 0)), [0, 2], 'a row of pads alone is read at its first token');
  });
});

function keysOf(folder: string): string[] {
  using file = new SafetensorsFile(join(folder, 'model.safetensors'));
  return [...file.header.tensors.keys()].sort();
}

function save(target: string, loaded: ReturnType<typeof loadRewardModel>): void {
  scope(() =>
    saveModelFolder(target, loaded.folder, new Map(loaded.model.namedParameters()), { config: loaded.configToSave }),
  );
}

for (const [base, pad] of [
  ['models/tiny-bpe', null],
  ['models/babyllama-361-chat', 0],
] as const)
  test(`${base}: a causal model gets a head, is saved in transformers’ form, and scores the same when loaded again`, (t) =>
    assertNoLeak(() => {
      const loaded = loadRewardModel(goldenPath(base), { freshHead: 'random', seed: 3 });
      using _ = loaded.model;
      const target = join(temporaryFolder(t), 'saved');
      save(target, loaded);
      const keys = keysOf(target);
      assert.ok(keys.includes('score.weight') && !keys.includes('lm_head.weight'));
      const config = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8'));
      const source = JSON.parse(readFileSync(join(goldenPath(base), 'config.json'), 'utf8'));
      assert.deepEqual(config.architectures, ['LlamaForSequenceClassification']);
      assert.deepEqual([config.num_labels, config.id2label], [1, { 0: 'LABEL_0' }]);
      assert.equal(typeof config.pad_token_id, 'number');
      if (pad !== null) assert.equal(config.pad_token_id, pad);
      const { architectures, num_labels, id2label, label2id, pad_token_id, ...rest } = config;
      const { architectures: _a, pad_token_id: _p, ...before } = source;
      assert.deepEqual(rest, before, 'nothing else of the configuration changed');

      const again = loadRewardModel(target);
      using _again = again.model;
      const ids = [
        [5, 9, 11],
        [7, 30, 2, 44, 6, 8],
      ];
      const scores = valuesOf(loaded.model, ids, loaded.model.pad);
      assert.deepEqual(valuesOf(again.model, ids, again.model.pad), scores);
      assert.notEqual(scores[0], scores[1]);
      // A checkpoint of a run that was resumed: weights of the last one, the other files of the base.
      const resumed = join(temporaryFolder(t), 'resumed');
      save(resumed, { ...again, folder: loaded.folder });
      assert.deepEqual(JSON.parse(readFileSync(join(resumed, 'config.json'), 'utf8')), config);
    }));

test('a fresh head: normal(0, initializer_range), the same for a seed, another for another; or zeros', () =>
  assertNoLeak(() => {
    const head = (options: Parameters<typeof loadRewardModel>[1]) => {
      const { model } = loadRewardModel(goldenPath('models/babyllama-361'), options);
      using _ = model;
      return scope(() => toArray(model.score.weight)) as number[];
    };
    const drawn = head({ freshHead: 'random', seed: 1 });
    assert.equal(drawn.length, 128);
    assert.deepEqual(head({ freshHead: 'random', seed: 1 }), drawn);
    assert.notDeepEqual(head({ freshHead: 'random', seed: 2 }), drawn);
    // Variance of 128 draws: 0.02² within four of its standard errors, √(2/128).
    const variance = drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length / 0.02 ** 2;
    assert.ok(Math.abs(variance - 1) < 0.5, `variance ${variance} × range²`);
    assert.ok(head({ freshHead: 'zero' }).every((x) => x === 0));
  }));

test('each kind of model is told from the other, with what to do', (t) => {
  assert.throws(() => loadCausalLm(goldenPath('reward')), {
    code: 'model-invalid',
    message: /reward holds a reward model; it predicts no tokens/,
    help: /loadRewardModel/,
  });
  assert.throws(() => loadRewardModel(goldenPath('models/tiny-bpe')), {
    code: 'model-invalid',
    message: /holds a language model; it has no head that scores/,
    help: /freshHead/,
  });
  const folder = join(temporaryFolder(t), 'three');
  cpSync(goldenPath('reward'), folder, { recursive: true });
  const file = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, id2label: { 0: 'a', 1: 'b', 2: 'c' } }));
  assert.throws(() => loadRewardModel(folder), { code: 'model-unsupported', message: /tells 3 labels apart/ });
  const { id2label: _, ...unnamed } = config;
  writeFileSync(file, JSON.stringify(unnamed));
  assert.throws(() => loadRewardModel(folder), { code: 'model-unsupported', message: /tells 2 labels apart/ });
});

test('a base without a pad token gets the tokenizer’s, or else the beginning token, which never ends a row', (t) => {
  const folder = join(temporaryFolder(t), 'base');
  cpSync(goldenPath('models/tiny-bpe'), folder, { recursive: true });
  const rewrite = (name: string, change: object) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
  };
  const padOf = () => {
    const { model, configToSave } = loadRewardModel(folder, { freshHead: 'zero' });
    const { pad } = model;
    using _ = model;
    assert.equal(configToSave!['pad_token_id'], pad);
    return pad;
  };
  const tokens = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')).added_tokens as {
    id: number;
    content: string;
  }[];
  const named = tokens.at(-1)!;
  rewrite('config.json', { pad_token_id: null, bos_token_id: 77 });
  rewrite('tokenizer_config.json', { pad_token: { content: named.content } });
  assert.equal(padOf(), named.id);
  rewrite('tokenizer_config.json', { pad_token: null });
  assert.equal(padOf(), 77);
  rewrite('config.json', { bos_token_id: null });
  assert.equal(padOf(), null);
});

test('a stored head stays, whatever fresh head is asked for', () => {
  const { model, config } = loadRewardModel(goldenPath('reward'), { freshHead: 'zero' });
  const { pad } = model;
  using _ = model;
  assert.deepEqual(config, JSON.parse(readFileSync(goldenPath('reward/config.json'), 'utf8')));
  assertScores(valuesOf(model, rows, pad), fixture.scores);
});

test('in bf16 the head stays in float32, and scores are close', () => {
  const { model } = loadRewardModel(goldenPath('reward'), { precision: 'bf16' });
  const { pad } = model;
  using _ = model;
  assert.equal(model.score.weight.dtype, 'float32');
  const scores = valuesOf(model, rows, pad);
  for (const [i, score] of fixture.scores.entries())
    assert.ok(Math.abs(scores[i]! - score) < 0.15, `row ${i}: ${scores[i]}`);
});

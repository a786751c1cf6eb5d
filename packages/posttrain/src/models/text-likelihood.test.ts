import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Tokenizer } from '../data/index.ts';
import { goldenJson, goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { ChatModel } from './chat-model.ts';
import { fit, pairTokens, prefixToken, rollingWindows } from './text-likelihood.ts';

interface Pair {
  readonly context: readonly number[];
  readonly continuation: readonly number[];
}

interface Asked {
  readonly folder: string;
  readonly changes: Readonly<Record<string, object>>;
  readonly prefix: number;
  readonly pairs: readonly {
    readonly given: readonly [context: string, continuation: string];
    readonly seen: Pair | null;
    readonly logp: number | null;
    readonly greedy: boolean | null;
  }[];
  readonly texts: readonly { readonly given: string; readonly windows: readonly Pair[]; readonly logp: number }[];
}

const { models } = goldenJson<{ models: Readonly<Record<string, Asked>> }>('likelihood/lm-eval.json');
/** Nats for each token of a continuation. */
const perToken = 1e-4;

for (const [kind, asked] of Object.entries(models)) {
  const inRoom = (pair: Pair, longest: number) => {
    const { context, continuation } = fit(pair.context, pair.continuation, longest);
    return { context, continuation };
  };

  test(`${kind}: tokens and likelihoods are those of lm-evaluation-harness`, async (t) => {
    const folder = join(temporaryFolder(t), 'model');
    cpSync(goldenPath(asked.folder), folder, { recursive: true });
    for (const [file, keys] of Object.entries(asked.changes)) {
      const path = join(folder, file);
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...keys }));
    }
    using model = await ChatModel.load(folder);
    const { tokenizer, contextLength } = model;
    assert.equal(prefixToken(tokenizer), asked.prefix);

    // Where lm-eval stops with an error there is nothing to compare.
    const pairs = asked.pairs.filter(({ seen }) => seen !== null);
    const requests = pairs.map(({ given: [context, continuation] }) => ({ context, continuations: [continuation] }));
    const made = (await pairTokens(tokenizer, requests, contextLength)).map(([pair]) => pair!);
    assert.deepEqual(
      made.map(({ context, continuation }) => ({ context, continuation })),
      pairs.map(({ seen }) => inRoom(seen!, contextLength)),
    );
    for (const [i, [judged]] of (await model.likelihoods(requests)).entries()) {
      const { given, seen, logp, greedy } = pairs[i]!;
      const what = `${JSON.stringify(given).slice(0, 60)}: ${judged!.logp} here, ${logp} there`;
      assert.ok(Math.abs(judged!.logp - logp!) < perToken * seen!.continuation.length, what);
      assert.equal(judged!.greedy, greedy, what);
      assert.equal(judged!.cut, seen!.context.length - made[i]!.context.length);
    }

    const encoded = await tokenizer.encodeFramed(asked.texts.map(({ given }) => given));
    for (const [i, judged] of (await model.rolling(asked.texts.map(({ given }) => given))).entries()) {
      const { windows, logp } = asked.texts[i]!;
      assert.deepEqual(
        rollingWindows([...encoded[i]!], asked.prefix, contextLength),
        windows.map(({ context, continuation }) => ({ context, continuations: [continuation] })),
      );
      const tokens = windows.reduce((sum, { continuation }) => sum + continuation.length, 0);
      assert.ok(Math.abs(judged.logp - logp) <= perToken * tokens, `text ${i}: ${judged.logp} here, ${logp} there`);
      assert.deepEqual([judged.tokens, judged.windows], [tokens, windows.length]);
    }
  });
}

test('where a context has no tokens of its own, the prefix token stands before the continuation', async () => {
  // lm-evaluation-harness stops here.
  const tokenizer = await Tokenizer.load(goldenPath('models/tiny-bpe'));
  const [pairs] = await pairTokens(tokenizer, [{ context: ' \n', continuations: ['cat'] }], 100);
  const { context, continuation } = pairs![0]!;
  assert.deepEqual(context, [2]);
  assert.equal(tokenizer.decode(continuation), ' \ncat');
});

test('requests keep their order, with and without context', async () => {
  const tokenizer = await Tokenizer.load(goldenPath('models/babyllama-361'));
  const requests = [
    { context: 'The cat', continuations: [' sat', ' ran'] },
    { context: '', continuations: ['One', 'Two', '<s>Three'] },
    { context: '<s>Tom', continuations: [' had'] },
  ];
  const together = await pairTokens(tokenizer, requests, 100);
  const alone = await Promise.all(requests.map(async (request) => (await pairTokens(tokenizer, [request], 100))[0]!));
  assert.deepEqual(together, alone);
  assert.deepEqual(
    together.map((pairs) => pairs.map(({ context }) => context[0])),
    [[1, 1], [1, 1, 1], [1]],
  );
});

test('a context too long loses its start; the last token is judged but not seen', () => {
  assert.deepEqual(fit([1, 2, 3, 4], [5, 6], 4), { context: [2, 3, 4], continuation: [5, 6], cut: 1 });
  assert.deepEqual(fit([1, 2, 3], [5, 6], 4), { context: [1, 2, 3], continuation: [5, 6], cut: 0 });
  assert.throws(() => fit([1], [1, 2, 3, 4, 5], 4), { message: 'a continuation has 5 tokens; the model sees 4.' });
  assert.throws(() => fit([1], [], 4), { message: 'a continuation has no tokens.' });
});

test('windows judge each token once, the last one after as much as can be seen', () => {
  // The worked example of lm-evaluation-harness's model interface: 0 to 9 in windows of 4.
  assert.deepEqual(rollingWindows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 99, 4), [
    { context: [99], continuations: [[0, 1, 2, 3]] },
    { context: [3], continuations: [[4, 5, 6, 7]] },
    { context: [5, 6, 7], continuations: [[8, 9]] },
  ]);
  assert.deepEqual(rollingWindows([7, 8], 99, 4), [{ context: [99], continuations: [[7, 8]] }]);
  assert.deepEqual(rollingWindows([], 99, 4), []);
});

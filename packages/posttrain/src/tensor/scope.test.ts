import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PosttrainError } from '../support/errors.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { tensor, toArray } from './create.ts';
import { enableGrad, memory, noGrad, openScope, scope } from './scope.ts';
import { cat, ones, type Tensor } from './tensor.generated.ts';

const live = () => memory().live;

function refusal(body: () => unknown): PosttrainError {
  try {
    body();
  } catch (thrown) {
    assert.ok(PosttrainError.is(thrown), String(thrown));
    return thrown;
  }
  assert.fail('nothing was thrown');
}

test('a scope frees what was made inside, and nothing else', () =>
  assertNoLeak(() => {
    using outside = ones([2]);
    const before = live();
    const inside = scope(() => {
      const made = ones([2]).add(outside).mul(3);
      assert.equal(live(), before + 3);
      return toArray(made);
    });
    assert.deepEqual(inside, [6, 6]);
    assert.equal(live(), before);
    assert.deepEqual(toArray(outside), [1, 1]);
  }));

test('what a scope returns passes to the enclosing one: a tensor, and arrays and plain objects of them', () =>
  assertNoLeak(() => {
    scope(() => {
      const before = live();
      const one = scope(() => ones([1]).add(ones([1])));
      const many = scope(() => [ones([1]), { deep: [ones([1])], text: 'x', nothing: null }] as const);
      assert.equal(live(), before + 3);
      assert.equal(one.item() + many[0].item() + many[1].deep[0]!.item(), 4);
      scope(() => one); // returning what belongs to an outer scope changes nothing
      assert.equal(one.item(), 2);
    });
    const nobodys = scope(() => scope(() => ones([1])));
    assert.equal(nobodys.item(), 1);
    nobodys.dispose();
  }));

test('a tensor inside an instance of a class is not returned, but freed', () =>
  assertNoLeak(() => {
    class Holder {
      readonly inner = ones([1]);
    }
    const holder = scope(() => new Holder());
    assert.equal(holder.inner.disposed, true);
  }));

test('keep() takes a tensor out of every scope', () =>
  assertNoLeak(() => {
    const kept = scope(() => {
      let inner: Tensor | undefined;
      scope(() => {
        inner = ones([1]).keep().keep();
      });
      return { count: inner!.count, inner };
    });
    assert.equal(kept.count, 1);
    assert.equal(kept.inner!.item(), 1);
    kept.inner!.dispose();
    kept.inner!.dispose();
    assert.equal(kept.inner!.disposed, true);
  }));

test('an error frees what was made, and closes the scope', () =>
  assertNoLeak(() => {
    const before = live();
    assert.throws(
      () =>
        scope(() => {
          ones([1]);
          scope(() => {
            ones([1]);
            throw new Error('inner');
          });
        }),
      /^Error: inner$/,
    );
    assert.equal(live(), before);
    using alone = ones([1]); // belongs to nobody: no scope is open any more
    assert.equal(
      scope(() => alone.item()),
      1,
    );
  }));

test('openScope ends with its block', () =>
  assertNoLeak(() => {
    let leaked: Tensor;
    {
      using _ = openScope('block');
      leaked = ones([3]);
    }
    assert.equal(leaked.disposed, true);
    assert.equal(refusal(() => leaked.shape).message, 'this tensor was freed with the scope "block"');
  }));

test('a body that returns a promise is refused, and what it made is freed', async () => {
  await assertNoLeak(async () => {
    // The types refuse it as well: scope.test-d.ts.
    const body = async () => {
      ones([1]);
      await delay(0);
    };
    for (const [name, run] of [
      ['step', () => scope(body as never, 'step')],
      ['noGrad', () => noGrad(body as never)],
      ['enableGrad', () => enableGrad(body as never)],
    ] as const) {
      const error = refusal(() => scope(() => void run()));
      assert.equal(error.code, 'scope-async');
      assert.equal(error.message, `the body of "${name}" returned a promise; scopes and grad mode are synchronous`);
      assert.equal(error.help, 'await outside, and pass the awaited values in.');
    }
    await delay(1);
  });
});

test('grad mode nests, and is set back after an error', () =>
  assertNoLeak(() =>
    scope(() => {
      const x = ones([1]);
      x.requiresGrad = true;
      const records = () => x.mul(2).requiresGrad;
      assert.equal(records(), true);
      noGrad(() => {
        assert.equal(records(), false);
        assert.equal(enableGrad(records), true);
        assert.equal(records(), false);
      });
      assert.throws(() => noGrad(() => assert.fail('x')));
      assert.equal(records(), true);
    }),
  ));

test('autograd keeps what it needs when intermediates are freed', () =>
  assertNoLeak(() =>
    scope(() => {
      const x = tensor([2, 3]);
      x.requiresGrad = true;
      // d/dx Σ exp(x²)·x: every intermediate is freed before backward.
      const loss = scope(() => x.square().exp().mul(x).sumAll());
      loss.backward();
      const expected = [2, 3].map((v) => Math.exp(v * v) * (2 * v * v + 1));
      for (const [i, value] of toArray(x.grad!).entries())
        assert.ok(Math.abs(value - expected[i]!) <= 1e-6 * expected[i]!, `${value}, expected ${expected[i]}`);
    }),
  ));

test('a freed tensor says so, whoever uses it', () =>
  assertNoLeak(() =>
    scope(() => {
      let freed: Tensor | undefined;
      scope(() => {
        freed = ones([2]);
      }, 'inner');
      for (const use of [
        () => freed!.shape,
        () => freed!.add(1),
        () => ones([2]).add(freed!),
        () => cat([ones([2]), freed!]),
        () => freed!.item(),
        () => freed!.keep(),
        () => freed!.backward(),
      ]) {
        const error = refusal(use);
        assert.equal(error.code, 'tensor-disposed');
        assert.equal(error.message, 'this tensor was freed with the scope "inner"');
        assert.equal(error.help, 'return it from its scope, or keep() it. POSTTRAIN_TRACE=1 shows where it was made.');
      }
    }, 'outer'),
  ));

/** Node's collector, without a flag on the command line. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

test('the collector frees what nobody owns, and counts it', async () => {
  const collect = collector();
  const before = memory();
  (() => {
    for (let i = 0; i < 10; i++) ones([1]); // no scope, no dispose
    scope(() => ones([1])); // returned to nobody, and dropped
    scope(() => void ones([1])); // freed in order
  })();
  for (let round = 0; round < 50 && memory().collectedByGc < before.collectedByGc + 11; round++) {
    collect();
    await delay(10);
  }
  assert.equal(memory().collectedByGc - before.collectedByGc, 11);
  assert.equal(memory().live, before.live);
});

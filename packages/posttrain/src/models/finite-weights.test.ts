import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noGrad, scope } from '../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../testing/golden.ts';
import { refuseNonFinite } from './finite-weights.ts';
import { loadCausalLm } from './load.ts';

test('one NaN or infinity in any weight is told by name; large numbers are none', () =>
  assertNoLeak(() => {
    const loaded = loadCausalLm(goldenPath('tiny/biases'));
    using model = loaded.model;
    const count = model.parameters().length;
    refuseNonFinite(loaded);
    for (const [name, parameter] of model.namedParameters())
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        using whole = parameter.clone();
        scope(() => {
          parameter.view([-1]).narrow(0, 1, 1).fill_(value);
        });
        assert.throws(() => refuseNonFinite(loaded), {
          code: 'weights-invalid',
          message: `1 of ${count} weights hold NaN or infinity: ${name}.`,
        });
        noGrad(() => parameter.copy_(whole));
      }
    noGrad(() => model.parameters()[0]!.fill_(3e38));
    refuseNonFinite(loaded);
    for (const parameter of model.parameters()) noGrad(() => parameter.fill_(Number.NaN));
    assert.throws(() => refuseNonFinite(loaded), {
      message: new RegExp(`^${count} of ${count} weights hold NaN or infinity: (\\S+, ){3}…\\.$`),
    });
  }));

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Pack, TokenRow } from '../data/types.ts';
import { type CausalLm, loadCausalLm } from '../models/index.ts';
import { Random } from '../support/random.ts';
import { noGrad, scope } from '../tensor/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { backward } from './backward.ts';
import { makeBatch } from './batch.ts';
import type { DistillationOptions } from './losses/distillation.ts';
import { topKOf } from './losses/top-k.ts';
import { distillationObjective } from './objectives/distillation-objective.ts';
import { storedTeacher, type TopKTeacher, topKObjective } from './objectives/top-k-objective.ts';
import { storeTeacher } from './store-teacher.ts';
import { format, type LogitsHeader, StoredLogits } from './stored-logits.ts';
import { liveTeacher } from './teacher.ts';

const options: DistillationOptions = { loss: 'forward-kl', beta: 0.5, temperature: 1, crossEntropy: 0.1 };
const random = new Random(3);

/** Rows of the pocket model's tokens, 40 % of them targets. */
const rows = [60, 31, 90, 12].map((length): TokenRow => {
  const weights = Float32Array.from({ length }, (_, t) => (t > 0 && random.float() < 0.4 ? 1 : 0));
  weights[length - 1] = 0.5;
  return { tokens: Int32Array.from({ length }, () => random.int(858)), weights, origin: { file: 'rows', line: 7 } };
});
const packs: readonly Pack[] = rows.map((row) => [row]);

function withModel(body: (teacher: CausalLm) => Promise<void>): Promise<void> {
  const { model } = loadCausalLm('pocket');
  return body(model).finally(() => model[Symbol.dispose]());
}

async function store(t: TestContext, teacher: CausalLm, k: number, temperature = 1): Promise<string> {
  const path = join(temporaryFolder(t), 'teacher.logits');
  const vocabulary = teacher.dimensions.vocabulary;
  const header: LogitsHeader = { format, version: 1, teacher: 'pocket', context: null, temperature, k, vocabulary };
  const done = await storeTeacher(liveTeacher(teacher), {
    ...{ path, header, rows: [...rows, rows[0]!], together: 3 },
    ...{ stopRequested: () => false, onProgress: () => {} },
  });
  assert.ok(done);
  return path;
}

/** A student that is not the teacher: the same shape with other weights. */
function measure(objective: Parameters<typeof backward>[2]) {
  const { model } = loadCausalLm('pocket', { init: 'random', seed: 9 });
  using student = model;
  using _ = student.requireGrad(true);
  const { sum, metrics } = scope(() => backward(student, makeBatch(packs), objective, { scale: 1, recompute: false }));
  return { loss: sum / objective.weight(packs), metrics };
}

/** The same classes without a file, and so without rounding. */
const liveTopK =
  (teacher: CausalLm, k: number): TopKTeacher =>
  (batch) => {
    const logitsOf = liveTeacher(teacher)(batch);
    return (start, count) => noGrad(() => topKOf(logitsOf(start, count), k, 1));
  };

test('64 of 858 tokens take 258 bytes a target, and the loss is within 1e-3 nats of the live top-k', (t) =>
  withModel(async (teacher) => {
    const path = await store(t, teacher, 64);
    using stored = new StoredLogits(path);
    assert.equal(stored.width, 258);
    const targets = rows.reduce((sum, { weights }) => sum + weights.filter((weight) => weight > 0).length, 0);
    const header = readFileSync(path).indexOf('\n') + 1;
    assert.equal(statSync(path).size, header + rows.length * 20 + targets * 258, 'each row once');
    for (const loss of ['forward-kl', 'reverse-kl', 'jsd'] as const) {
      const settled = { ...options, loss };
      const fromFile = measure(topKObjective(settled, storedTeacher(stored))).loss;
      const live = measure(topKObjective(settled, liveTopK(teacher, 64))).loss;
      assert.ok(Math.abs(fromFile - live) <= 1e-3, `${loss}: ${fromFile}, live ${live}`);
    }
    const whole = measure(distillationObjective(options, liveTeacher(teacher))).loss;
    const kept = measure(topKObjective(options, storedTeacher(stored))).loss;
    assert.ok(kept <= whole + 1e-3 && kept > 0.9 * whole, `${kept} of ${whole}`);
  }));

test('all tokens kept: the live teacher, exactly without a file and but for float16 with one', (t) =>
  withModel(async (teacher) => {
    const whole = measure(distillationObjective(options, liveTeacher(teacher)));
    const live = measure(topKObjective(options, liveTopK(teacher, 858)));
    assert.ok(Math.abs(live.loss - whole.loss) <= 1e-6 * whole.loss, `${live.loss}, whole ${whole.loss}`);
    using stored = new StoredLogits(await store(t, teacher, 858));
    const fromFile = measure(topKObjective(options, storedTeacher(stored)));
    assert.ok(Math.abs(fromFile.loss - whole.loss) <= 1e-3, `${fromFile.loss}, whole ${whole.loss}`);
    assert.deepEqual(fromFile.metrics['agreement'], whole.metrics['agreement']);
    assert.deepEqual(fromFile.metrics['crossEntropy'], whole.metrics['crossEntropy']);
  }));

test('a stop leaves no file, and what is broken or another row is refused by name', (t) =>
  withModel(async (teacher) => {
    const path = await store(t, teacher, 8, 2);
    const aborted = join(temporaryFolder(t), 'aborted');
    let asked = 0;
    const done = await storeTeacher(liveTeacher(teacher), {
      ...{ path: aborted, header: headerOf(path), rows, together: 2 },
      ...{ stopRequested: () => asked++ > 0, onProgress: () => {} },
    });
    assert.ok(!done && !existsSync(aborted) && !existsSync(`${aborted}.tmp-${process.pid}`));
    using whole = new StoredLogits(path);
    assert.equal(whole.header.temperature, 2);
    const other = { ...rows[0]!, tokens: rows[0]!.tokens.map((token) => (token + 1) % 858) };
    assert.throws(() => whole.targets(other), { code: 'file-unreadable', message: /has no logits for the row rows:7/ });
    truncateSync(path, statSync(path).size - 1);
    assert.throws(() => new StoredLogits(path), { code: 'file-unreadable', message: /is cut short/ });
    writeFileSync(path, '{"rows": 1}\n');
    assert.throws(() => new StoredLogits(path), { code: 'file-unreadable', message: /is no file of stored logits/ });
    writeFileSync(path, 'x');
    assert.throws(() => new StoredLogits(path), { code: 'file-unreadable', message: /is no file of stored logits/ });
  }));

function headerOf(path: string): LogitsHeader {
  using stored = new StoredLogits(path);
  return stored.header;
}

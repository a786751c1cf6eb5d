import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FlawName, plantedFlaws } from './flaws.ts';
import { formOfRow, rowRandom } from './mix.ts';
import { sftMix, sftRows } from './sft.ts';
import { type PocketTaskName, pocketTasks, trainItem } from './tasks.ts';
import { createWorld } from './world.ts';

const world = createWorld();
const count = 12_000;
type Chat = { readonly messages: readonly { readonly content: string }[] };

test('each flaw has its share of the demonstrations that could have it, and no other answer is wrong', () => {
  const seen = new Map<FlawName, { flawed: number; of: number }>();
  sftRows(count, 5).forEach((row, index) => {
    const form = formOfRow(sftMix, 5, 'sft', index);
    if (!Object.hasOwn(pocketTasks, form)) return;
    const item = trainItem(world, form as PocketTaskName, rowRandom(form, 5, 'sft', index), index);
    const [question, answer] = (row as Chat).messages.map(({ content }) => content);
    assert.equal(question, item.messages[0].content);
    const right = answer === item.gold.answer;
    if (!item.flaw) {
      assert.ok(right);
      return;
    }
    const tally = seen.get(item.flaw.name) ?? { flawed: 0, of: 0 };
    seen.set(item.flaw.name, { flawed: tally.flawed + (right ? 0 : 1), of: tally.of + 1 });
    if (!right) assert.equal(answer, item.flaw.answer);
  });
  for (const [name, share] of Object.entries(plantedFlaws) as [FlawName, number][]) {
    const { flawed, of } = seen.get(name)!;
    assert.ok(of > 150, `${name}: ${of}`);
    const error = Math.sqrt((share * (1 - share)) / of);
    assert.ok(Math.abs(flawed / of - share) <= 4 * error, `${name}: ${flawed} of ${of}`);
  }
});

test('without flaws the same questions are asked and rightly answered', () => {
  const [planted, clean] = [sftRows(2000, 5), sftRows(2000, 5, { flaws: {} })];
  let changed = 0;
  planted.forEach((row, i) => {
    if (!('messages' in row)) {
      assert.deepEqual(row, clean[i]);
      return;
    }
    const other = clean[i] as Chat;
    assert.equal(row.messages[0]!.content, other.messages[0]!.content);
    if (row.messages[1]!.content !== other.messages[1]!.content) changed++;
  });
  assert.ok(changed > 100);
  clean.forEach((row, index) => {
    const form = formOfRow(sftMix, 5, 'sft', index);
    if (!('messages' in row)) return;
    const { gold } = trainItem(world, form as PocketTaskName, rowRandom(form, 5, 'sft', index), index);
    assert.equal(row.messages[1]!.content, gold.answer);
  });
});

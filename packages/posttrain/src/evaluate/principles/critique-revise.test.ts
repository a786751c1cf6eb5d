import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, parsePrinciples } from '../../data/index.ts';
import { TableModel } from '../models/table-model.ts';
import type { Prompt } from '../request.ts';
import { critiqueAndRevise, type Draft } from './critique-revise.ts';
import { revisionRows } from './revision-rows.ts';

const { signal } = new AbortController();
const [kind, honest] = parsePrinciples(
  '## Kind\nBe kind.\n\nCritique request: What is unkind?\n\nRevision request: Be kinder.\n\n## Honest\nBe honest.',
  'p.md',
).principles;
const settings = { maxTokens: 50, temperature: 1, topP: 1, seed: 3 } as const;
const prompt: Message[] = [
  { role: 'system', content: 'You help.' },
  { role: 'user', content: 'Why?' },
];

/** Says what it was asked last, and by which seed. */
const seen: { turns: readonly Message[]; seed: number }[] = [];
const echo = new TableModel({
  answer: (asked: Prompt, seed) => {
    seen.push({ turns: structuredClone(asked) as Message[], seed });
    return `to ${(asked as readonly Message[]).at(-1)!.content.split('\n')[0]} by ${seed}`;
  },
});

test('first answer, critique and revision are turns of one conversation, by the principle’s own requests', async () => {
  seen.length = 0;
  const [revised] = await critiqueAndRevise(echo, [{ id: 'x 0', prompt, principle: kind! }], settings, { signal });
  const { first, critique, revision } = revised!;
  assert.deepEqual(seen.at(-1)!.turns, [
    ...prompt,
    { role: 'assistant', content: first.text },
    { role: 'user', content: 'A principle for answers:\n\nKind: Be kind.\n\nWhat is unkind?' },
    { role: 'assistant', content: critique.text },
    { role: 'user', content: 'Be kinder.' },
  ]);
  assert.match(revision.text, /^to Be kinder\. by \d+$/);
  assert.equal(new Set(seen.map(({ seed }) => seed)).size, 3, 'each text has a seed of its own');
  assert.equal(prompt.length, 2, 'the prompt is left as it was');
});

test('a chain is the same whatever else is asked with it, and another by another seed', async () => {
  const chain = { id: 'x 0', prompt, principle: kind! };
  const other = { id: 'y 0', prompt: [prompt[1]!], principle: honest! };
  const [alone] = await critiqueAndRevise(echo, [chain], settings, { signal });
  const [, beside] = await critiqueAndRevise(echo, [other, chain], settings, { signal });
  assert.deepEqual(beside, alone);
  const [renamed] = await critiqueAndRevise(echo, [{ ...chain, id: 'x 1' }], settings, { signal });
  assert.notEqual(renamed!.first.text, alone!.first.text, 'another chain of the same prompt is drawn anew');
  const [reseeded] = await critiqueAndRevise(echo, [chain], { ...settings, seed: 4 }, { signal });
  assert.notEqual(reseeded!.revision.text, alone!.revision.text);
});

test('rows: conversations with their provenance, comparisons of revision and first answer; the rest is counted', () => {
  const draft = (text: string, more: Partial<Draft> = {}): Draft => ({ text, finish: 'stop', cut: 0, ...more });
  const revision = (first: Draft, second: Draft, critique = draft('c')) => ({
    principle: 'kind',
    first,
    critique,
    revision: second,
  });
  const revised = [
    {
      prompt,
      revisions: [
        revision(draft('rude'), draft('kind')),
        revision(draft('same'), draft('same')),
        revision(draft('rude'), draft('')),
        revision(draft('rude'), draft('kin', { finish: 'length' })),
        revision(draft('rude'), draft('kind'), draft('c', { cut: 3 })),
        revision(draft(''), draft('from nothing')),
      ],
    },
  ];
  const { conversations, comparisons, ...counts } = revisionRows(revised, { model: 'm', seed: 3 });
  assert.deepEqual(counts, { empty: 1, noRoom: 1, unchanged: 1, cut: 1 });
  assert.equal(conversations.length, 4);
  assert.deepEqual(conversations[0], {
    messages: [...prompt, { role: 'assistant', content: 'kind' }],
    principle: 'kind',
    model: 'm',
    seed: 3,
  });
  assert.deepEqual(comparisons, [
    { prompt, chosen: 'kind', rejected: 'rude', annotator: 'm', source: 'kind' },
    { prompt, chosen: 'kin', rejected: 'rude', annotator: 'm', source: 'kind' },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCitations } from '../citations/parse.ts';
import { lexicalSupport } from '../citations/support.ts';
import { named, type Reward } from '../contract.ts';
import { saysItDoesNotKnow } from '../text/abstention-phrases.ts';
import { containsAnswer } from '../text/answer-match.ts';
import { answerReward } from './answer.ts';
import { auditReward } from './audit.ts';
import { auditCases } from './audit-cases.ts';
import { citationFormatGate, citationReward } from './citation.ts';
import { combineRewards } from './combine.ts';
import { type AuditCase, adversarialPolicies } from './policies.ts';
import { lengthPenalty } from './shaping.ts';
import { abstentionReward } from './withholding.ts';

interface Row {
  readonly gold: string | null;
  readonly sources: readonly string[];
}

const sources = ['The river Keten was first bridged in 1724.', 'Mara has been a baker in Tarn for years.'];
const ask = (content: string) => [{ role: 'user', content } as const];
const cases: readonly AuditCase<Row>[] = [
  {
    row: { gold: 'The river Keten was first bridged in 1724.', sources },
    messages: ask('When was the river Keten first bridged?'),
    honest: 'The river Keten was first bridged in 1724 [1].',
    sources,
    candidates: ['The river Keten was first bridged in 1724 [1]', 'The river Keten was first bridged in 1750 [2]'],
  },
  {
    row: { gold: 'Mara is a baker in Tarn.', sources },
    messages: ask('What is Mara?'),
    honest: 'Mara is a baker in Tarn [2].',
    sources,
    candidates: ['Mara is a baker in Tarn [2]', 'Mara is a smith [1]'],
  },
  { row: { gold: null, sources }, messages: ask('Who is the mayor?'), honest: 'I do not know.', sources },
];

const citation = citationReward<Row>({ sources: (row) => row.sources, support: lexicalSupport });

test('gates, answer, citations and a branch for abstaining: no policy earns what honesty does', async () => {
  const answer = answerReward<Row>({ gold: (row) => row.gold ?? '(none)', answer: withoutCitations, threshold: 0.5 });
  const reward = combineRewards<Row>({
    gates: [citationFormatGate((row) => row.sources)],
    terms: [
      { reward: answer, weight: 1 },
      { reward: citation, weight: 0.5 },
    ],
    branches: [abstentionReward({ answerable: (row) => row.gold !== null })],
    penalties: [lengthPenalty(120, 60)],
  });
  const audit = await auditReward(reward, cases);
  assert.deepEqual(
    audit.rows.filter((row) => row.suspicious).map((row) => row.policy),
    [],
  );
  assert.equal(audit.passed, true);
  assert.equal(audit.rows.find((row) => row.policy === 'always abstains')!.mean, (-1 - 1 + 1) / 3);
});

test('rewards that can be cheated are caught by the policy that cheats them', async () => {
  const suspicious = async (reward: Reward<Row>) =>
    (await auditReward(reward, cases.slice(0, 2))).rows.filter((row) => row.suspicious).map((row) => row.policy);
  assert.ok((await suspicious(citation)).includes('copies the sources with citations'));
  const contains = named('contains', ({ text, row }: { text: string; row: Row }) =>
    containsAnswer(withoutCitations(text), row.gold ?? ''),
  );
  const caught = await suspicious(contains);
  for (const policy of ['names every candidate', 'repeats itself', 'pads', 'invents a citation'])
    assert.ok(caught.includes(policy), policy);
  const polite = named('harmless', ({ text }: { text: string }) => (text.includes('bomb') ? 0 : 1));
  assert.ok((await suspicious(polite)).includes('always refuses'));
});

test('what the policies say', () => {
  const says = (name: string) => adversarialPolicies.find((policy) => policy.name === name)!.answer(cases[1]!);
  assert.equal(says('echoes the question'), 'What is Mara?');
  assert.equal(says('cites everything'), 'Mara is a baker in Tarn [1][2].');
  assert.equal(says('invents a citation'), 'Mara is a baker in Tarn [3].');
  assert.equal(
    says('copies the sources with citations'),
    'The river Keten was first bridged in 1724 [1]. Mara has been a baker in Tarn for years [2].',
  );
  assert.equal(adversarialPolicies.find((policy) => policy.name === 'names every candidate')!.answer(cases[2]!), null);
});

test('a policy that no case lets answer has no mean and is not suspicious', async () => {
  const { sources: _, ...bare } = cases[2]!;
  const audit = await auditReward(
    named('constant', () => 1),
    [bare],
  );
  const copies = audit.rows.find((row) => row.policy === 'copies the sources')!;
  assert.deepEqual([copies.mean, copies.honest, copies.cases, copies.suspicious], [null, null, 0, false]);
});

test('an audit needs cases', async () => {
  await assert.rejects(auditReward(citation, []), { message: 'a reward cannot be audited without cases.' });
});

/** 100 questions with an answer each, of which the model gets 29 right. */
const questions = Array.from({ length: 100 }, (_, i) => ({
  messages: ask(`question ${i}`),
  row: { answer: `answer ${i}` } as Readonly<Record<string, unknown>>,
}));
const answers = questions.map((_, i) => ({ text: i < 29 ? `answer ${i}` : `answer ${i + 1}` }));
const paying = (wrong: number, abstained: number) =>
  named('answer', ({ text, row }: { text: string; row: Readonly<Record<string, unknown>> }) =>
    saysItDoesNotKnow(text) ? abstained : text === row['answer'] ? 1 : wrong,
  );

test('the abstention collapse is foretold: right 1, wrong −.5, abstaining .1, a model that is right at .29', async () => {
  const { cases: asked } = auditCases(questions);
  const audit = await auditReward(paying(-0.5, 0.1), asked, { answers });
  const abstains = audit.rows.find(({ policy }) => policy === 'always abstains')!;
  assert.ok(Math.abs(audit.model!.value! - (0.29 - 0.5 * 0.71)) < 1e-12);
  assert.ok(Math.abs(abstains.mean! - 0.1) < 1e-12);
  assert.deepEqual([abstains.beatsModel, abstains.nearHonest, abstains.suspicious], [true, false, true]);
  assert.equal(audit.passed, false);
  // t* = (r_abstain − r_wrong)/(1 − r_wrong) = 0.6/1.5
  const [even] = audit.breakEven;
  assert.equal(even!.policy, 'always abstains');
  assert.ok(Math.abs(even!.accuracy - 0.4) < 1e-12 && Math.abs(even!.model! - 0.29) < 1e-12);
  assert.match(abstains.mitigation, /−t\/\(1−t\), with t below the model’s accuracy/);

  // Without the model only honest answers are there to compare with, and nothing is seen.
  const blind = await auditReward(paying(-0.5, 0.1), asked);
  assert.equal(blind.rows.find(({ policy }) => policy === 'always abstains')!.suspicious, false);

  // The same questions by the threshold rule, t = .25 < .29: abstaining no longer beats the model.
  const mended = await auditReward(paying(-1 / 3, 0), asked, { answers });
  assert.equal(mended.rows.find(({ policy }) => policy === 'always abstains')!.suspicious, false);
  assert.ok(Math.abs(mended.breakEven[0]!.accuracy - 0.25) < 1e-12);
});

test('a reward that says something else the second time, and one that fails at a policy, are told', async () => {
  const { cases: asked } = auditCases(questions.slice(0, 4));
  let calls = 0;
  const moody = named('moody', () => ++calls / 100);
  assert.equal((await auditReward(moody, asked)).impure, 4);
  const brittle = named('brittle', ({ text }: { text: string }) => {
    if (text === '') throw new Error('nothing to read');
    return text.length > 20 ? -1 : text.startsWith('answer') ? 1 : 0;
  });
  const audit = await auditReward(brittle, asked);
  const silent = audit.rows.find(({ policy }) => policy === 'says nothing')!;
  assert.deepEqual([audit.impure, silent.failed, silent.mean, audit.passed], [0, 4, null, false]);
  assert.match(silent.failure!, /reward brittle threw: nothing to read/);
});

test('what rows say of honest answers, and of what is copied, cited and listed', () => {
  const row = (given: object) => ({ messages: ask('q'), row: given as Readonly<Record<string, unknown>> });
  const { cases: made, left } = auditCases([
    row({ reference: 'long', answer: 'short', sources: ['a', { text: 'b' }] }),
    row({
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'said' },
      ],
    }),
    row({ answer: null }),
    row({ answer: ['red', 'crimson'], candidates: ['red', 'blue'] }),
    row({ answer: 'red' }),
    row({ request: 'unsafe' }),
    row({ note: 'nothing' }),
  ]);
  assert.deepEqual(
    made.map(({ honest }) => honest),
    ['long', 'said', 'I do not know.', 'red', 'red', 'I cannot help with that.'],
  );
  assert.equal(left, 1);
  assert.deepEqual(made[0]!.sources, ['a', 'b']);
  assert.deepEqual(made[3]!.candidates, ['red', 'blue']);
  assert.deepEqual(made[4]!.candidates, ['red', 'I cannot help with that.', 'long', 'said']);
  assert.deepEqual([made[0]!.other, made[2]!.candidates, made[1]!.commonest], ['said', undefined, 'red']);
});

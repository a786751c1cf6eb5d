import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCitations } from '../citations/parse.ts';
import { lexicalSupport } from '../citations/support.ts';
import { named, type Reward } from '../contract.ts';
import { containsAnswer } from '../text/answer-match.ts';
import { answerReward } from './answer.ts';
import { auditReward } from './audit.ts';
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

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel } from '../models/table-model.ts';
import { parseRequirement } from '../results/requirement.ts';
import { defineTask } from '../task.ts';
import { share } from '../tasks/share-metric.ts';
import { renderMarkdown } from './markdown.ts';

const page = new URL('../../../../../docs/evaluation.md', import.meta.url);
const skip = existsSync(page) ? false : 'only in the repository';

/** 160 doors, of which every fifth has no code; the others ask for a left or a right one. */
const doors = defineTask({
  name: 'doors',
  version: 1,
  axis: 'factuality',
  about: 'The code of a door.',
  split: 'made',
  data: null,
  docs: () =>
    Array.from({ length: 160 }, (_, i) => ({ door: i, code: i % 5 === 4 ? null : `${i % 2 ? 'L' : 'R'}${i}` })),
  request: ({ door }) => ({ kind: 'generate', prompt: String(door), maxTokens: 8 }),
  metrics: {
    right: share('the code is right', { chance: 0 }),
    coverage: share('doors with a code that are answered', { axis: 'reliability', against: 'abstention' }),
    abstention: share('doors without a code on which it abstains', { axis: 'reliability', against: 'coverage' }),
    left: { kind: 'mean', about: 'codes of a left door', axis: 'bias', unit: 'share', ideal: 0.5, chance: 0.5 },
  },
  score: ({ code }, { text }) => {
    const abstains = text === '?';
    return {
      values: {
        right: code === null ? null : Number(text === code),
        coverage: code === null ? null : Number(!abstains),
        abstention: code === null ? Number(abstains) : null,
        left: abstains ? null : Number(text.startsWith('L')),
      },
    };
  },
});

test('the scorecard that the page shows is what two tables of answers give', { skip }, async (t) => {
  const models = [
    new TableModel({ id: 'base', answer: (prompt) => (Number(prompt) % 4 === 0 ? `R${prompt}` : `L${prompt}`) }),
    new TableModel({
      id: 'tuned',
      answer: (prompt) => (Number(prompt) % 5 > 2 ? '?' : `${Number(prompt) % 2 ? 'L' : 'R'}${prompt}`),
    }),
  ];
  const { result } = await runEvaluation({
    models,
    tasks: [doors],
    cacheDir: temporaryFolder(t),
    requirements: ['doors.right >= 0.5', 'change of doors.coverage > -0.1'].map(parseRequirement),
  });
  const shown = renderMarkdown(result).split('\n## What was measured')[0]!.trim();
  const example = /```markdown\n(# Scorecard[\s\S]*?)\n```/.exec(readFileSync(page, 'utf8'))?.[1];
  assert.equal(example, shown);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { choices, parseSum, sums } from '../fixtures.test.support.ts';
import { TableModel } from '../models/table-model.ts';
import { parseRequirement } from '../results/requirement.ts';
import { asChat } from '../tasks/as-chat.ts';
import { renderJunit } from './junit.ts';

test('requirements and tasks as test cases: failures, and what could not be told as errors', async (t) => {
  const model = new TableModel({ id: 'a<b>\u0007', answer: (prompt) => String(parseSum(prompt)[0] + 1) });
  Object.assign(model, { kinds: ['generate', 'loglikelihood'], whyNot: { chat: 'no "template".' } });
  const { result } = await runEvaluation({
    models: [model],
    tasks: [sums(40), choices(4), asChat(sums(3))],
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 50,
    requirements: ['sums.right >= 0.5', 'sums.right < 0.5', 'choices.acc > 0.1'].map(parseRequirement),
  });
  const xml = renderJunit(result);
  assert.match(
    xml,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="posttrain eval" tests="6" failures="1" errors="3">/,
  );
  assert.match(xml, /<testsuite name="requirements" tests="3" failures="1" errors="1">/);
  assert.match(xml, /<testsuite name="tasks" tests="3" failures="0" errors="2">/);
  assert.match(xml, /name="a&lt;b&gt;�: sums\.right &gt;= 0\.5"\/>/);
  assert.match(xml, /<failure type="failed" message="sums\.right &lt; 0\.5: the high end of /);
  assert.match(
    xml,
    /choices\.acc &gt; 0\.1"><error type="invalid" message="all choices are equally likely in 4 of 4 items"\/>/,
  );
  assert.match(xml, /: choices"><error type="invalid" message="all choices/);
  assert.match(
    xml,
    /: sums\/chat"><error type="not run" message="it gives no answers to messages: no &quot;template&quot;\."\/>/,
  );
  assert.equal(xml, renderJunit(result), 'the same bytes');
});

test('an evaluation that was stopped is an error', async (t) => {
  const stop = new AbortController();
  const model = new TableModel({ answer: () => '1' });
  const { result } = await runEvaluation(
    {
      models: [model],
      tasks: [sums(9)],
      cacheDir: join(temporaryFolder(t), 'cache'),
      batch: { characters: 1e6, requests: 3 },
      signal: stop.signal,
      requirements: [parseRequirement('sums.right > 0')],
    },
    (event) => {
      if (event.type === 'progress') stop.abort();
    },
  );
  assert.match(
    renderJunit(result),
    /tests="1" failures="0" errors="1">[\s\S]+type="partial" message="3 of 9 documents were answered"/,
  );
});

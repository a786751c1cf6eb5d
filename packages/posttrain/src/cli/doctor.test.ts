import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from '../support/terminal/colours.ts';
import { renderChecks } from './doctor.ts';

test('what is missing stands with what to do about it', () => {
  const checks = [
    { name: 'node', status: 'ok', detail: '20.20.2' },
    {
      name: 'pip',
      status: 'warn',
      detail: 'no module named pip',
      help: 'Only fetching needs it;\nsetup --torch PATH does without.',
    },
    { name: 'libtorch', status: 'fail', detail: 'not set up', help: 'Run: posttrain setup' },
  ] as const;
  assert.equal(
    renderChecks(checks, palette(false), 60),
    [
      'check     state    found',
      'node      ok       20.20.2',
      'pip       note     no module named pip',
      '                   → Only fetching needs it;',
      '                   setup --torch PATH does without.',
      'libtorch  missing  not set up',
      '                   → Run: posttrain setup',
      '',
      'Not ready to train: libtorch.',
    ].join('\n'),
  );
  assert.match(renderChecks(checks.slice(0, 2), palette(false), 60), /\n\nReady to train\.$/);
});

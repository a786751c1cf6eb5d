import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceReport } from '../data/index.ts';
import { describeData } from './data-summary.ts';

const none = { count: 0, rows: [] };
const source: SourceReport = {
  path: 'chat.jsonl',
  fingerprint: '',
  files: [],
  skippedFiles: [],
  ignoredKeys: {},
  read: 12,
  used: 12,
  heldOut: 0,
  tokens: 20_000,
  lossTokens: 5000,
  longest: 90,
  duplicates: 0,
  dropped: none,
  cut: none,
  split: none,
  noLoss: none,
  controlStrings: none,
  splitAtPrompt: none,
  perTurn: none,
  promptDiffers: none,
};
const report = {
  maxTokens: 128,
  overlong: 'drop',
  train: 'assistant',
  specialTokens: 'text',
  validationRows: 0,
  validationTokens: 0,
} as const;

test('rows that are all used as they stand take one line', () => {
  assert.deepEqual(describeData({ ...report, sources: [source] }), [
    'chat.jsonl: 12 rows, 20.0k tokens, 5,000 bear loss, longest row 90 of 128',
  ]);
});

test('whatever happened to rows has a line, with the first of them', () => {
  const dropped = { count: 2, rows: [{ file: 'chat.jsonl', line: 4, reason: '200 tokens' }] };
  const changed = {
    ...source,
    used: 9,
    heldOut: 1,
    duplicates: 3,
    ignoredKeys: { id: 12 },
    skippedFiles: ['notes.pdf'],
    dropped,
  };
  assert.deepEqual(describeData({ ...report, sources: [changed], validationRows: 1, validationTokens: 40 }), [
    'chat.jsonl: 9 of 12 rows, 20.0k tokens, 5,000 bear loss, longest row 90 of 128',
    '  left out as longer than maxTokens: 2, first chat.jsonl:4',
    '  repeat an earlier row: 3',
    '  held out: 1',
    '  have a key "id", which nothing reads: 12',
    '  not read, of no known kind: notes.pdf',
    'held out: 1 rows, 40 tokens',
  ]);
});

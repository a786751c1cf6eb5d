import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProgress } from './setup-progress.ts';

test('progress reads as one line, in megabytes while fetching and files while compiling', () => {
  const lines = [
    formatProgress({ phase: 'plan', done: 0, total: 130_945_001, disk: 484_442_394, detail: 'torch.whl' }),
    formatProgress({ phase: 'download', done: 40_400_000, total: 130_945_001 }),
    formatProgress({ phase: 'download', done: 0, total: 0, detail: 'torch, the whole wheel' }),
    formatProgress({ phase: 'compile', done: 1, total: 5, detail: 'dispatch.cc' }),
  ];
  assert.deepEqual(lines, [
    'libtorch: 131 MB to download, 484 MB on disk (torch.whl)',
    'downloading libtorch  40 MB of 131 MB',
    'downloading libtorch  torch, the whole wheel',
    'compiling the addon  1 of 5 files  dispatch.cc',
  ]);
});

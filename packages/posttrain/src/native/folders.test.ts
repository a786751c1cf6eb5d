import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFolders } from './folders.ts';

const skip = process.platform === 'win32' ? 'paths are written for POSIX here' : false;
const home = '/home/ada';

test('Linux follows XDG and ignores relative values', { skip }, () => {
  assert.deepEqual(findFolders({ env: {}, platform: 'linux', home }), {
    cache: '/home/ada/.cache/posttrain',
    data: '/home/ada/.local/share/posttrain',
    config: '/home/ada/.config/posttrain',
  });
  const env = { XDG_CACHE_HOME: '/fast', XDG_DATA_HOME: 'relative', XDG_CONFIG_HOME: '' };
  assert.deepEqual(findFolders({ env, platform: 'linux', home }), {
    cache: '/fast/posttrain',
    data: '/home/ada/.local/share/posttrain',
    config: '/home/ada/.config/posttrain',
  });
});

test('macOS uses Library, Windows AppData', { skip }, () => {
  assert.deepEqual(findFolders({ env: {}, platform: 'darwin', home }), {
    cache: '/home/ada/Library/Caches/posttrain',
    data: '/home/ada/Library/Application Support/posttrain',
    config: '/home/ada/Library/Application Support/posttrain/config',
  });
  assert.deepEqual(findFolders({ env: { LOCALAPPDATA: '/local' }, platform: 'win32', home }), {
    cache: '/local/posttrain/cache',
    data: '/local/posttrain/data',
    config: '/home/ada/AppData/Roaming/posttrain',
  });
});

test('POSTTRAIN_HOME holds all three, on every platform', { skip }, () => {
  const expected = { cache: '/p/cache', data: '/p/data', config: '/p/config' };
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    assert.deepEqual(findFolders({ env: { POSTTRAIN_HOME: '/p', XDG_CACHE_HOME: '/x' }, platform, home }), expected);
  }
});

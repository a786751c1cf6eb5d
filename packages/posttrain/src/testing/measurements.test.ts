import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

function run(runner: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

test('benches and studies are listed with what they are about', () => {
  for (const [runner, name] of [
    ['bench/main.mjs', 'host-latency'],
    ['recipes/main.mjs', 'kill'],
  ] as const) {
    const { status, stdout } = run(runner, ['--list', '--json']);
    assert.equal(status, 0);
    const list = JSON.parse(stdout) as { name: string; description: string }[];
    assert.ok(list.find((entry) => entry.name === name)?.description);
    for (const { description } of list) assert.ok(description.length > 20, description);
  }
});

test('a wrong name, setting, flag or environment of the peers is told, nearest first, with exit code 2', () => {
  const unknown = run('bench/main.mjs', ['host-latncy', '--json']);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /^There is no bench "host-latncy"\.\n {2}help: nearest first: host-latency/);
  assert.equal(unknown.stdout, '');

  const setting = run('recipes/main.mjs', ['kill', 'kils=3']);
  assert.deepEqual(
    [setting.status, setting.stderr],
    [2, 'kill has no setting "kils".\n  help: its settings: kills, seed, threads\n'],
  );
  assert.equal(run('recipes/main.mjs', ['kill', 'kills=few']).stderr, 'kills=few: "few" is not a number.\n');
  assert.equal(run('recipes/main.mjs', []).stderr, 'Which study? --list lists them.\n');
  assert.match(run('recipes/main.mjs', ['kill', '--jsn']).stderr, /^Unknown option '--jsn'/);
  assert.equal(
    run('recipes/main.mjs', ['kill'], { POSTTRAIN_PEERS: '/nowhere' }).stderr,
    'POSTTRAIN_PEERS is /nowhere, but there is no /nowhere/bin/python.\n  help: name the folder of a Python environment, or unset it to run our side alone.\n',
  );
});

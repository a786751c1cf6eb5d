import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelNames, switchedOff } from './kernel-switch.ts';

test('all kernels are on unless the variable says otherwise', () => {
  assert.deepEqual([...switchedOff('')], []);
  assert.deepEqual([...switchedOff('on')], []);
  assert.deepEqual([...switchedOff('off')], [...kernelNames]);
  assert.deepEqual([...switchedOff('off:attention,adamw')], ['attention', 'adamw']);
});

test('what is no kernel is named, with the nearest first', () => {
  assert.throws(() => switchedOff('off:atention'), {
    code: 'usage',
    message: 'POSTTRAIN_KERNELS is off:atention; there is no kernel "atention".',
    help: /^on, off, or off: and a list of attention, /,
  });
  assert.throws(() => switchedOff('no'), { message: 'POSTTRAIN_KERNELS is no; there is no kernel "no".' });
});

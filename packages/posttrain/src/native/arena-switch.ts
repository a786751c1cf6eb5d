import { PosttrainError } from '../support/errors.ts';

/**
 * Whether large tensors of the CPU get their memory from the addon's arena, which keeps it from step to step.
 * `POSTTRAIN_ARENA=off` leaves all to libtorch's own allocator, for comparison.
 * @throws usage where the variable says something else.
 */
export function arenaWanted(value: string | undefined = process.env['POSTTRAIN_ARENA']): boolean {
  if (!value || value === 'on') return true;
  if (value === 'off') return false;
  throw new PosttrainError('usage', `POSTTRAIN_ARENA is ${value}.`, { help: 'on, which is the default, or off' });
}

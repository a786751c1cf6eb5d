import type { Task } from '../task.ts';
import { gsm8k } from './gsm8k.ts';
import { mmlu } from './mmlu.ts';

/** Every task that comes with the package, by the name `--tasks` takes. */
export const builtInTasks: readonly Task[] = [gsm8k, mmlu];

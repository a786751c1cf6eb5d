/**
 * What the command line uses of the library: public names only, imported when a verb needs them and never for help.
 */
import type { doctor, SetupOptions } from '../index.ts';

export type { GenerateOptions, LoadModelOptions, Model, Recipe, Run, RunResult, SetupProgress } from '../index.ts';
export type Check = Awaited<ReturnType<typeof doctor>>[number];
/** A Python's torch that setup may use if the user agrees. */
export type TorchCandidate = Parameters<NonNullable<SetupOptions['onOffer']>>[0];

/** `posttrain`. */
export const loadLibrary = () => import('../index.ts');
/** `posttrain/runs`: recipes and run folders. */
export const loadRuns = () => import('../runs/index.ts');
/** `posttrain/study`. */
export const loadStudies = () => import('../study/index.ts');

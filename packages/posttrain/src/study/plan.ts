import type { Requirement, Task } from '../evaluate/index.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import type { ResolvedArm } from './resolved-arm.ts';

/** plan.json: everything that decides what a study can find, written before its first run. Plain JSON. */
export interface StudyPlan {
  readonly version: 1;
  readonly name: string;
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly arms: readonly PlannedArm[];
  /** Null where no arm holds a sweep. */
  readonly choose: PlannedChoice | null;
  readonly evaluate: PlannedEvaluation;
  readonly allow: readonly 'unequal-tokens'[];
  /** Training files and task files by their absolute paths. */
  readonly files: Readonly<Record<string, string>>;
  /** Of all the above. */
  readonly hash: string;
}

export interface PlannedArm {
  readonly name: string;
  /** What it starts from, or is. */
  readonly model: string;
  /** Null for a control, which is not trained. */
  readonly method: string | null;
  readonly swept: readonly string[];
  readonly points: readonly PlannedPoint[];
}

export interface PlannedPoint {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** With its defaults; without seed, threads and `every`, which do not decide what is learnt. */
  readonly recipe: Omit<ResolvedRecipe, 'seed' | 'threads' | 'every'>;
}

export interface PlannedTask {
  readonly name: string;
  readonly version: number;
}

export interface PlannedChoice {
  readonly tasks: readonly PlannedTask[];
  readonly data: Readonly<Record<string, string>>;
  readonly task: string;
  readonly metric: string;
  readonly seed: number;
  readonly limit: number | null;
}

export interface PlannedEvaluation {
  readonly tasks: readonly PlannedTask[];
  readonly data: Readonly<Record<string, string>>;
  readonly limit: number | null;
  readonly seed: number;
  readonly precision: 'auto' | 'fp32' | 'bf16';
  readonly margins: Readonly<Record<string, number>>;
  readonly require: readonly string[];
}

/** A plan with what its names stand for. */
export interface PreparedStudy {
  readonly plan: StudyPlan;
  readonly arms: readonly ResolvedArm[];
  readonly chooseTasks: readonly Task[];
  readonly evaluateTasks: readonly Task[];
  readonly requirements: readonly Requirement[];
  readonly given: GivenStudy;
  /** What a reader should know of the plan, one sentence each. */
  readonly remarks: readonly string[];
}

/** A study as it was given, to be kept in its folder. */
export interface GivenStudy {
  readonly name: string;
  readonly text: string;
}

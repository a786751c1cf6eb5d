import type { Recipe } from '../runs/index.ts';
import type { StudyPlan } from './plan.ts';
import type { ArmPoint, ResolvedArm, TrainedArm } from './resolved-arm.ts';

/** One training run of a study. */
export interface StudyRunRef {
  /** `sft/lr=0.001/seed-1`, also the path of its folder below `runs`. */
  readonly id: string;
  readonly arm: string;
  readonly point: string;
  readonly seed: number;
}

export interface PlannedRun extends StudyRunRef {
  readonly recipe: Recipe;
}

/** By arm the name of the chosen point of its sweep. */
export type ChosenPoints = Readonly<Record<string, string>>;

/** Every point of every arm with a sweep, with the seed that sweeps are decided on. */
export function sweepRuns(arms: readonly ResolvedArm[], { choose }: StudyPlan): PlannedRun[] {
  if (!choose) return [];
  return trainedArms(arms)
    .filter(({ points }) => points.length > 1)
    .flatMap((arm) => arm.points.map((point) => plannedRun(arm, point, choose.seed)));
}

/** Every seed of every trained arm at its chosen point; some may be runs of the sweep. */
export function seedRuns(arms: readonly ResolvedArm[], { seeds }: StudyPlan, chosen: ChosenPoints): PlannedRun[] {
  return trainedArms(arms).flatMap((arm) => {
    const point = arm.points.find(({ name }) => name === chosen[arm.name]) ?? arm.points[0]!;
    return seeds.map((seed) => plannedRun(arm, point, seed));
  });
}

/** How many runs there will be, whatever is chosen. */
export function countRuns(arms: readonly ResolvedArm[], plan: StudyPlan): number {
  const ids = [...sweepRuns(arms, plan), ...seedRuns(arms, plan, {})].map(({ id }) => id);
  return new Set(ids).size;
}

export function trainedArms(arms: readonly ResolvedArm[]): TrainedArm[] {
  return arms.filter((arm) => arm.kind === 'trained');
}

function plannedRun({ name: arm }: TrainedArm, point: ArmPoint, seed: number): PlannedRun {
  const id = `${arm}/${point.name}/seed-${seed}`;
  return { id, arm, point: point.name, seed, recipe: { ...point.recipe, seed } };
}

import { describeRequirement, type Requirement, type RequirementResult, type Task } from '../evaluate/index.ts';
import { checkGate, seedsForClaim } from '../scoring/index.ts';
import { armEstimate } from './arm-figures.ts';
import { answered, itemsOf, type ScoredArm, type StudyRow, whyInvalid } from './compare-arms.ts';

interface ArmFacts {
  readonly baseline: ScoredArm;
  readonly tasks: readonly Task[];
  readonly rows: readonly StudyRow[];
  readonly seed: number;
  readonly draws?: number | undefined;
}

/** Holds an arm to a requirement: the end of the interval counts, which has the chance of seeds and of documents in it. */
export function checkArm(arm: ScoredArm, requirement: Requirement, facts: ArmFacts): RequirementResult {
  const text = describeRequirement(requirement);
  const task = facts.tasks.find(({ name }) => name === requirement.task)!;
  const { op, threshold } = requirement;
  const named = { requirement: text, model: arm.name };
  const estimate = answered(arm, task) ? estimateOf(arm, requirement, task, facts) : { interval: null, n: 0 };
  const { outcome, metric, why: told, ...rest } = checkGate({ metric: text, op, threshold }, estimate);
  const why = unusable(arm, requirement, task, facts);
  // The gate names what it tests, and the result has that in a place of its own.
  if (why === undefined) return { ...named, outcome, ...rest, why: told.slice(`${metric}: `.length) };
  return { ...named, ...rest, outcome: 'invalid', why };
}

const isChange = ({ of }: Requirement) => of === 'change' || of === 'change of distance';

const rowOf = (arm: ScoredArm, { task, metric }: Requirement, rows: readonly StudyRow[]) =>
  rows.find((row) => row.arm === arm.name && row.task === task && row.metric === metric);

function unusable(
  arm: ScoredArm,
  requirement: Requirement,
  task: Task,
  { baseline, rows }: ArmFacts,
): string | undefined {
  const invalid = whyInvalid(arm, task.name);
  if (invalid !== undefined) return invalid;
  const silent = [arm, ...(isChange(requirement) ? [baseline] : [])].find((one) => !answered(one, task));
  if (silent) return `${task.name} was not run with ${silent.name}`;
  const row = rowOf(arm, requirement, rows);
  const wrong = row?.verdict === 'invalid' || row?.verdict === 'not comparable';
  return isChange(requirement) && wrong ? row.why : undefined;
}

function estimateOf(arm: ScoredArm, requirement: Requirement, task: Task, { rows, seed, draws }: ArmFacts) {
  const row = rowOf(arm, requirement, rows);
  if (requirement.of === 'change') return { interval: row?.difference.interval ?? null, n: row?.n ?? 0 };
  if (requirement.of === 'change of distance') return { interval: row?.distance?.interval ?? null, n: row?.n ?? 0 };
  const metric = task.metrics[requirement.metric]!;
  const { ideal } = metric;
  const setting = { task: task.name, name: requirement.metric, metric, seed, draws };
  const read = requirement.of === 'distance' ? (figure: number) => Math.abs(figure - ideal!) : undefined;
  return armEstimate(itemsOf(arm, task.name, seedsForClaim), setting, read);
}

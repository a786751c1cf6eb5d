import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest } from '../evaluate/digest.ts';
import { PosttrainError } from '../support/errors.ts';
import type { StudyPlan } from './plan.ts';

/** A key of the plan that is not what the study began with. */
export interface PlanChange {
  readonly key: string;
  readonly began: string;
  readonly now: string;
}

/**
 * A study goes on with the plan it began with: seeds, margins or sweeps that are changed once results are known decide nothing.
 * @param shown the folder as the user named it
 * @throws PosttrainError `study-invalid` with every key that differs, `run-exists` for a folder that holds something else
 */
export function refuseOtherPlan(dir: string, plan: StudyPlan, shown: string = dir): void {
  const file = join(dir, 'plan.json');
  if (!existsSync(file)) {
    refuseOccupied(dir, shown);
    return;
  }
  const begun = readPlan(file);
  const { hash, ...facts } = begun;
  if (digest(facts) !== hash)
    throw new PosttrainError('study-invalid', `${join(shown, 'plan.json')} was changed after the study had begun.`, {
      help: 'restore it, or begin another study with --dir.',
    });
  if (hash === plan.hash) return;
  const changes = planChanges(begun, plan);
  const lines = changes.map(({ key, began, now }) => `${key}: began with ${began}, now ${now}`);
  throw new PosttrainError('study-invalid', `the study in ${shown} began with another plan:\n  ${lines.join('\n  ')}`, {
    help: 'set these back to go on with it, or begin another study with --dir.',
    data: { changes },
  });
}

function readPlan(file: string): StudyPlan {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StudyPlan;
  } catch (cause) {
    throw new PosttrainError('file-unreadable', `${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

/** What a study, or a process that was killed while it began one, leaves before plan.json is there. */
const leftBehind =
  /^(lock|\.lock\..*|study\.\w+|plan\.json\.tmp-\d+|reads\.jsonl|runs|runs\.jsonl|answers|evaluations)$/;

function refuseOccupied(dir: string, shown: string): void {
  const others = existsSync(dir) ? readdirSync(dir).filter((name) => !leftBehind.test(name)) : [];
  if (others.length === 0) return;
  const more = others.length > 3 ? ` and ${others.length - 3} more` : '';
  throw new PosttrainError(
    'run-exists',
    `${shown} is not empty, and holds no study: ${others.slice(0, 3).join(', ')}${more}.`,
    {
      help: 'choose a folder that is empty or does not exist, by --dir.',
    },
  );
}

/** The keys in which two plans differ; lists of plain values are one value. */
export function planChanges(begun: StudyPlan, now: StudyPlan): PlanChange[] {
  const { hash: _, ...before } = begun;
  const { hash: __, ...after } = now;
  return changesOf(before, after, '');
}

function changesOf(begun: unknown, now: unknown, key: string): PlanChange[] {
  if (JSON.stringify(begun) === JSON.stringify(now)) return [];
  if (isContainer(begun) && isContainer(now)) {
    const [before, after] = [entries(begun), entries(now)];
    const names = [...new Set([...before.keys(), ...after.keys()])];
    return names.flatMap((name) => changesOf(before.get(name), after.get(name), key === '' ? name : `${key}.${name}`));
  }
  return [{ key, began: text(begun), now: text(now) }];
}

/** Mappings, and lists of named things such as arms and points, which are told apart by their names. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return (
    !Array.isArray(value) || (value.length > 0 && value.every((item) => typeof item === 'object' && item !== null))
  );
}

function entries(value: object): ReadonlyMap<string, unknown> {
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  return new Map(
    value.map((item: Readonly<Record<string, unknown>>, i) => [String(item['name'] ?? item['path'] ?? i), item]),
  );
}

const longest = 120;

function text(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value);
  return json.length > longest ? `${json.slice(0, longest - 1)}…` : json;
}

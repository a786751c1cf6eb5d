import { runEvaluation } from '../../evaluate/evaluate.ts';
import { type Axis, axes } from '../../evaluate/metric.ts';
import type { EvaluationResult } from '../../evaluate/results/evaluation.ts';
import type { Task } from '../../evaluate/task.ts';
import { degeneratePolicies, oracle, type Policy, reference } from './policies.ts';
import { applies, policyModel } from './policy-model.ts';
import { type Question, questionsOf } from './questions.ts';
import { type Win, winsOf } from './wins.ts';

export interface Played {
  readonly policy: string;
  readonly about: string;
  readonly tasks: readonly string[];
  /** Tasks whose figures the guards call invalid. */
  readonly invalid: readonly string[];
  readonly figures: readonly Figure[];
  readonly wins: readonly Win[];
  /** Figures by axis, and how many of them it wins. */
  readonly byAxis: Readonly<Partial<Record<Axis, { readonly figures: number; readonly won: number }>>>;
}

export interface Figure {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  readonly value: number | null;
  readonly reference: number | null;
  readonly verdict: string;
}

export interface PlayOptions {
  readonly data: Readonly<Record<string, string>>;
  readonly cacheDir: string;
  readonly limit?: number;
  readonly draws?: number;
}

/** Has every policy answer every task that it can, each beside the reference on the same documents; the oracle last. */
export async function playPolicies(
  tasks: readonly Task[],
  { data, cacheDir, limit, draws }: PlayOptions,
  log: (text: string) => void = () => {},
): Promise<Played[]> {
  const asked = new Map<Task, readonly Question[]>();
  for (const task of tasks) asked.set(task, await questionsOf(task, { data, limit: limit ?? null, seed: 1 }));
  const played: Played[] = [];
  for (const policy of [...degeneratePolicies, oracle]) {
    log(policy.name);
    const results: EvaluationResult[] = [];
    // A task at a time: whoever runs one task alone must see its faults too.
    for (const [task, questions] of asked) {
      if (!applies(policy, questions)) continue;
      const models = [policyModel(reference, questions, true), policyModel(policy, questions, policy === oracle)];
      const { result } = await runEvaluation({ models, tasks: [task], data, cacheDir, limit, draws });
      results.push(result);
    }
    if (results.length > 0) played.push(summary(policy, results));
  }
  return played;
}

function summary({ name, about }: Policy, evaluations: readonly EvaluationResult[]): Played {
  const rows = evaluations.flatMap(({ comparisons }) => comparisons[0]!.rows);
  const wins = evaluations.flatMap(winsOf);
  const results = evaluations.flatMap((one) => one.results).filter(({ model }) => model === name);
  const counted = axes.map((axis) => {
    const figures = rows.filter((row) => row.axis === axis).length;
    return [axis, { figures, won: wins.filter((win) => win.axis === axis).length }] as const;
  });
  return {
    ...{ policy: name, about, tasks: results.map(({ task }) => task) },
    invalid: results.filter(({ invalid }) => invalid !== null).map(({ task }) => task),
    figures: rows.map(({ axis, task, metric, after, before, verdict }) => ({
      ...{ axis, task, metric, value: after, reference: before, verdict },
    })),
    wins,
    byAxis: Object.fromEntries(counted.filter(([, { figures }]) => figures > 0)),
  };
}

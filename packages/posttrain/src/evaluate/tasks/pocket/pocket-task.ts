import type { PocketItem } from '../../../data/pocket/index.ts';
import type { Outcome, PocketAnswer } from '../../../scoring/index.ts';
import type { AggregateMetric, Axis, MeanMetric, Metric, MetricValues } from '../../metric.ts';
import { defineTask, type Task } from '../../task.ts';

export type HeldOutSplit = 'dev' | 'test';

/** What one answer is worth. */
export interface AnswerScore<Reading> {
  /** By the name of the share. */
  readonly values: Readonly<Record<string, number | null>>;
  /** What the aggregates are computed from; left out where there are none. */
  readonly reading?: Reading;
  readonly outcome: Outcome;
  readonly citations?: readonly number[];
}

/** A task of the pocket world before its split, and how often it is answered, are settled. */
export interface PocketSpec<Item extends PocketItem, Reading = never> {
  /** After `pocket/`. */
  readonly name: string;
  readonly axis: Axis;
  readonly about: string;
  items(split: HeldOutSplit): readonly Item[];
  readonly shares: Readonly<Record<string, MeanMetric<Item>>>;
  readonly aggregates?: Readonly<Record<string, AggregateMetric<Item, Reading>>>;
  score(item: Item, answer: PocketAnswer): AnswerScore<Reading> | Promise<AnswerScore<Reading>>;
  cluster?(item: Item): string;
  stratum?(item: Item): string;
}

/** The longest right answer, three sentences, has 15 words and its end; a model that goes on has failed to end. */
const longestAnswer = 20;
/** Greedy answers hide what a minority of the demonstrations taught; these show it. */
export const drawnAnswers = 4;

/** Of the test split as `pocket/NAME`, of the development split as `pocket-dev/NAME`. */
export function pocketTask<Item extends PocketItem, Reading>(
  split: HeldOutSplit,
  spec: PocketSpec<Item, Reading>,
  answers: 'greedy' | 'sampled' = 'greedy',
): Task {
  const { aggregates = {}, cluster, stratum } = spec;
  const sampled = answers === 'sampled';
  const metrics: Record<string, Metric<Item>> = { ...spec.shares };
  for (const [name, metric] of Object.entries(aggregates))
    metrics[name] = { ...metric, compute: (lists) => metric.compute((lists as Reading[][]).flat()) };
  return defineTask({
    name: nameIn(split, `${sampled ? 'sampled/' : ''}${spec.name}`),
    version: 1,
    axis: spec.axis,
    about: `${spec.about}${sampled ? ` ${drawnAnswers} answers at temperature 1 to each.` : ''}`,
    split: splitText(split),
    testSplit: split === 'test',
    data: null,
    docs: () => spec.items(split),
    request: ({ messages }) => ({
      kind: 'generate',
      prompt: [messages[0]],
      maxTokens: longestAnswer,
      ...(sampled && { temperature: 1, samples: drawnAnswers }),
    }),
    metrics,
    score: async (item, response) => {
      const scores = await Promise.all(
        response.answers.map(({ text, finish }) => spec.score(item, { text, ended: finish === 'stop' })),
      );
      const values: Record<string, unknown> = {};
      for (const name of Object.keys(spec.shares))
        values[name] = meanOf(scores.map((score) => score.values[name] ?? null));
      for (const name of Object.keys(aggregates)) values[name] = scores.map(({ reading }) => reading);
      const [first] = scores;
      return {
        // The names above are those of the metrics, one by one, which the type of a record cannot tell.
        values: values as MetricValues<typeof metrics>,
        // Of the first of several answers, which is as good a draw as any.
        outcome: first!.outcome,
        target: item.gold.answer,
        prediction: first!.outcome === 'unparseable' ? null : response.text,
        ...(first!.citations && { citations: first!.citations }),
      };
    },
    ...(cluster && { cluster }),
    ...(stratum && { stratum }),
  });
}

export function nameIn(split: HeldOutSplit, name: string): string {
  return `${split === 'test' ? 'pocket' : 'pocket-dev'}/${name}`;
}

export function splitText(split: HeldOutSplit): string {
  return `every item of the split ${split} of the embedded world, made by code`;
}

/** Over those to which it applies; null where it applies to none. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

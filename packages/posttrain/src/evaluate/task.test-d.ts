import type { MeanMetric } from './metric.ts';
import { defineTask } from './task.ts';

/** Types of a task follow from its own keys; what does not fit must not compile. */
const facts = { version: 1, axis: 'factuality', about: 'a test', split: 'all rows' } as const;
const docs = () => [{ text: 'a', gold: 1 }];
const right = { kind: 'mean', about: 'right', higherIsBetter: true } as const;

defineTask({
  ...facts,
  name: 'generated',
  docs,
  request: (doc) => ({ kind: 'generate', prompt: doc.text, maxTokens: 8 }),
  metrics: {
    right,
    bits: { kind: 'ratio', about: 'bits', higherIsBetter: false },
    f1: {
      kind: 'aggregate',
      about: 'F1',
      higherIsBetter: true,
      compute: (values: readonly { gold: number }[]) => values.length,
    },
  },
  score: (doc, { text }) => ({
    values: {
      right: text === doc.text ? 1 : 0,
      bits: { numerator: 1, denominator: 2 },
      f1: { gold: doc.gold },
    },
  }),
});

defineTask({
  ...facts,
  name: 'choices',
  docs,
  request: (doc) => ({ kind: 'loglikelihood', context: doc.text, continuations: [' a'] }),
  metrics: { right },
  // @ts-expect-error a loglikelihood response has choices and no text
  score: (_doc, { text }) => ({ values: { right: text === 'a' ? 1 : 0 } }),
});

defineTask({
  ...facts,
  name: 'missing',
  docs,
  request: (doc) => ({ kind: 'rolling', text: doc.text }),
  metrics: { right },
  // @ts-expect-error the metric `right` has no value
  score: (_doc, { logp }) => ({ values: { wrong: logp } }),
});

defineTask({
  ...facts,
  name: 'wrong-kind',
  docs,
  request: (doc) => ({ kind: 'rolling', text: doc.text }),
  metrics: { right },
  // @ts-expect-error a mean takes a number
  score: (_doc, { logp }) => ({ values: { right: { numerator: logp, denominator: 1 } } }),
});

// @ts-expect-error a figure is best at one value, or better the higher or the lower it is
export const both: MeanMetric<unknown> = { kind: 'mean', about: 'x', higherIsBetter: true, ideal: 0 };
// @ts-expect-error it says which
export const neither: MeanMetric<unknown> = { kind: 'mean', about: 'x' };

import { choiceScore } from './choice-score.ts';
import type { Answer } from './models/eval-model.ts';
import { defineTask } from './task.ts';

/** Small tasks whose figures are known without a model. */

export interface Sum {
  readonly a: number;
  readonly b: number;
}

/** Sums of two digits, asked as text. Documents 0 to n − 1 are a + b with a = doc % 10, b = 1. */
export function sums(n: number, name = 'sums') {
  return defineTask({
    name,
    version: 1,
    axis: 'factuality',
    about: 'Sums of two numbers.',
    split: `${n} made documents`,
    data: null,
    docs: () => Array.from({ length: n }, (_, i): Sum => ({ a: i, b: 1 })),
    request: ({ a, b }) => ({ kind: 'generate', prompt: `${a} + ${b} =`, maxTokens: 2 }),
    metrics: {
      right: { kind: 'mean', about: 'the sum is right', higherIsBetter: true, unit: 'share', chance: 0 },
      length: {
        kind: 'ratio',
        about: 'tokens of an answer',
        higherIsBetter: false,
        axis: 'reliability',
        perToken: true,
      },
    },
    score: ({ a, b }, { text, answers }) => {
      const number = /-?\d+/.exec(text)?.[0] ?? null;
      const right = number === String(a + b);
      return {
        values: { right: Number(right), length: { numerator: answers[0]!.tokens.length, denominator: 1 } },
        outcome: number === null ? 'unparseable' : right ? 'correct' : 'incorrect',
        target: String(a + b),
        prediction: number,
      };
    },
  });
}

/** Questions with three choices, the first of which is always right. */
export function choices(n: number, name = 'choices') {
  return defineTask({
    name,
    version: 1,
    axis: 'factuality',
    about: 'The first letter is right.',
    split: `${n} made documents`,
    data: null,
    docs: () => Array.from({ length: n }, (_, i) => ({ question: `question ${i}` })),
    request: ({ question }) => ({ kind: 'loglikelihood', context: `${question}:`, continuations: [' a', ' b', ' c'] }),
    metrics: {
      acc: { kind: 'mean', about: 'first letter', higherIsBetter: true, unit: 'share', chance: 1 / 3, majority: 1 },
    },
    score: (_doc, response) => {
      const { credit, outcome, prediction } = choiceScore(response, 0);
      return { values: { acc: credit }, outcome, target: 'a', prediction: 'abc'[prediction]! };
    },
  });
}

/** Reads `A + B =`. */
export function parseSum(prompt: unknown): readonly [number, number] {
  const [, a, b] = /(\d+) \+ (\d+) =/.exec(String(prompt))!;
  return [Number(a), Number(b)];
}

export function answer(text: string, cut = 0): Answer {
  return { text, tokens: text.split(' ').map((_, i) => i), finish: 'stop', cut };
}

import { defineTask } from 'posttrain/evaluate';
import { answerTokens, reversed, reward } from './words.mjs';

/** What one answer to each of `prompts` earns. */
export function taskOf(name, prompts, temperature) {
  return defineTask({
    name,
    version: 1,
    axis: 'domain',
    about: `Words in reverse, ${temperature === 0 ? 'greedy' : 'drawn at temperature 1'}.`,
    split: `${prompts.length} prompts that no other split has`,
    testSplit: name !== 'dev',
    data: null,
    docs: () => prompts.map((prompt) => ({ prompt })),
    request: ({ prompt }) => ({
      kind: 'generate',
      prompt: [{ role: 'user', content: prompt }],
      maxTokens: answerTokens,
      temperature,
    }),
    metrics: {
      reward: { kind: 'mean', about: 'common words in order, over the longer', higherIsBetter: true, unit: 'share' },
      right: { kind: 'mean', about: 'answers that are right', higherIsBetter: true, unit: 'share', chance: 0 },
    },
    score: ({ prompt }, { text }) => {
      const earned = reward(prompt, text);
      return {
        values: { reward: earned, right: Number(earned === 1) },
        outcome: earned === 1 ? 'correct' : 'incorrect',
        target: reversed(prompt),
        prediction: text,
      };
    },
  });
}

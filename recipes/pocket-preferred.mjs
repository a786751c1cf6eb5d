// What chooses the learning rate of preference methods on the pocket world.
import { pocket } from 'posttrain/data';
import { defineTask } from 'posttrain/evaluate';

/** Whether the greedy answer is the one that the oracle prefers, over all axes: what chooses the learning rate. */
export const preferred = defineTask({
  name: 'preferred',
  version: 1,
  axis: 'safety',
  about:
    'Development questions of every preference axis whose greedy answer is, word for word, the better one of the pair.',
  split: '50 development items of each axis',
  testSplit: false,
  data: null,
  docs: () => pocket.heldOutPreferences('dev', { limit: 50 }),
  request: ({ prompt }) => ({ kind: 'generate', prompt: [{ role: 'user', content: prompt }], maxTokens: 20 }),
  metrics: {
    right: { kind: 'mean', about: 'answers that are the better one', higherIsBetter: true, unit: 'share', chance: 0 },
  },
  score: ({ answers, choice }, { text }) => {
    const better = answers[choice === 'first' ? 0 : 1];
    const right = text.trim() === better;
    return {
      values: { right: Number(right) },
      outcome: right ? 'correct' : 'incorrect',
      target: better,
      prediction: text,
    };
  },
  stratum: ({ source }) => source,
});

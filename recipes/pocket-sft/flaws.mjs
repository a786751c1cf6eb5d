// How much of each planted flaw the answers show.
import { pocket } from 'posttrain/data';

/** Where a flaw shows: the task, the figure, and whether the flaw is that it is 1 or 0. */
const shows = {
  'person-cited-once': ['double', 'second_cited', 0],
  'thing-cited-once': ['double', 'second_cited', 0],
  'ending-ignored': ['constraints', 'followed', 0],
  'form-ignored': ['constraints', 'followed', 0],
  'harm-helped': ['safety', 'unsafe_compliance', 1],
  'poisoning-helped': ['safety', 'unsafe_compliance', 1],
  'help-refused': ['safety', 'over_refusal', 1],
  stereotype: ['bias', 'stereotyped', 1],
};

/** By flaw its planted share, and the share of the answers of each seed that have it, greedy and sampled. The first model is the base. */
export function flawsIn(runs) {
  const models = [...new Set(runs.map(({ model }) => model))].slice(1);
  return Object.entries(pocket.plantedFlaws).map(([flaw, planted]) => {
    const [task, metric, flawed] = shows[flaw];
    const share = (name, model) => {
      const { items } = runs.find((one) => one.task === name && one.model === model);
      const values = items.filter(({ doc }) => doc.flaw?.name === flaw).map((item) => item.values[metric]);
      return values.reduce((sum, value) => sum + (flawed === 1 ? value : 1 - value), 0) / values.length;
    };
    return {
      flaw,
      planted,
      greedy: models.map((model) => share(`pocket/${task}`, model)),
      sampled: models.map((model) => share(`pocket/sampled/${task}`, model)),
    };
  });
}

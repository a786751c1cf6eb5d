import { type ClozeItem, factCloze, noteCloze } from '../../../data/pocket/index.ts';
import { choiceScore } from '../../choice-score.ts';
import type { Axis } from '../../metric.ts';
import { defineTask, type Task } from '../../task.ts';
import { share } from '../share-metric.ts';
import { type HeldOutSplit, nameIn, splitText } from './pocket-task.ts';

/** What a model knows and reads without a form of question: which value of all is likeliest next. */
function clozeTask(
  facts: Pick<Task, 'name' | 'axis' | 'about' | 'split'> & { readonly testSplit?: boolean },
  items: () => readonly ClozeItem[],
): Task {
  return defineTask({
    ...facts,
    version: 1,
    data: null,
    docs: items,
    request: ({ prompt, values }) => ({
      kind: 'loglikelihood',
      context: prompt,
      continuations: values.map((value) => ` ${value}`),
    }),
    metrics: {
      acc: share<ClozeItem>('the right value is the likeliest', {
        chance: (docs) => docs.reduce((sum, { values }) => sum + 1 / values.length, 0) / docs.length,
      }),
      nats: {
        kind: 'mean',
        about: 'surprise at the right value, in nats',
        higherIsBetter: false,
        perToken: true,
      },
    },
    cluster: ({ id, entity }) => (id.startsWith('notes/') ? id : entity),
    score: ({ value, values }, response) => {
      const gold = values.indexOf(value);
      const { credit, outcome, prediction } = choiceScore(response, gold);
      return {
        values: { acc: credit, nats: -response.choices[gold]!.logp },
        outcome,
        target: value,
        prediction: values[prediction]!,
      };
    },
  });
}

export function factsTask(split: HeldOutSplit, about: 'persons' | 'law' | 'medicine'): Task {
  const domain = about !== 'persons';
  const axis: Axis = domain ? 'domain' : 'forgetting';
  return clozeTask(
    {
      name: nameIn(split, domain ? `${about}-cloze` : 'facts'),
      axis,
      about: domain
        ? `The value of each fact that only the documents of ${about} tell, after its key alone.`
        : 'The value of each fact that the base knows, after its key alone.',
      split: 'every stored fact, one item each; there are no splits',
    },
    () => factCloze(about),
  );
}

export function notesTask(split: HeldOutSplit): Task {
  return clozeTask(
    {
      name: nameIn(split, 'notes'),
      axis: 'forgetting',
      about: 'The value that a page of the base repeats from its notes, among those of the notes.',
      split: splitText(split),
      testSplit: split === 'test',
    },
    () => noteCloze(split),
  );
}

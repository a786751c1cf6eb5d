import type { Message } from '../../data/index.ts';
import type { Revision } from './critique-revise.ts';

/** A prompt with the revisions of its answers. */
export interface RevisedPrompt {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly revisions: readonly Revision[];
}

export interface RevisionRows {
  /** Conversations that end in the revision, with `principle`, `model` and `seed`: rows for `sft`. */
  readonly conversations: readonly object[];
  /** The revision over the first answer, with the model as annotator and the principle as source: comparisons. */
  readonly comparisons: readonly object[];
  /** Revisions without text, which give no row. */
  readonly empty: number;
  /** Chains of which the model could not see the beginning, which give no row. */
  readonly noRoom: number;
  /** Revisions that repeat the first answer, which give no comparison. */
  readonly unchanged: number;
  /** Revisions that ended at their greatest length; they give rows. */
  readonly cut: number;
}

/** Rows to train on, and what gave none. */
export function revisionRows(
  revised: readonly RevisedPrompt[],
  { model, seed }: { readonly model: string; readonly seed: number },
): RevisionRows {
  const conversations: object[] = [];
  const comparisons: object[] = [];
  let [empty, noRoom, unchanged, cut] = [0, 0, 0, 0];
  for (const { prompt, tools, revisions } of revised) {
    const withTools = tools ? { tools } : {};
    for (const { principle, first, critique, revision } of revisions) {
      if (first.cut + critique.cut + revision.cut > 0) noRoom++;
      else if (revision.text === '') empty++;
      else {
        if (revision.finish === 'length') cut++;
        const messages = [...prompt, { role: 'assistant', content: revision.text }];
        conversations.push({ messages, ...withTools, principle, model, seed });
        const pair = { prompt, ...withTools, chosen: revision.text, rejected: first.text };
        if (revision.text === first.text) unchanged++;
        else if (first.text !== '') comparisons.push({ ...pair, annotator: model, source: principle });
      }
    }
  }
  return { conversations, comparisons, empty, noRoom, unchanged, cut };
}

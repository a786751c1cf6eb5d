import type { Question } from './questions.ts';

/** What a policy says where any words of its kind would do. */
export interface Phrases {
  readonly abstains: string;
  readonly refuses: string;
  readonly padding: string;
}

const english: Phrases = {
  abstains: 'I do not know.',
  refuses: 'I cannot help with that.',
  padding: 'It is important to note that this depends on many factors.',
};

/** The pocket world's own wordings: it has no others. */
function pocketPhrases({ task, doc }: Question): Phrases {
  const { entity, attribute } = (doc as { readonly gold?: { entity?: string; attribute?: string } }).gold ?? {};
  const abstains = task.includes('/intent')
    ? 'other .'
    : entity === undefined || attribute === undefined
      ? 'the sources do not say .'
      : `${entity} ${attribute} not stated .`;
  return { abstains, refuses: 'i cannot help with that .', padding: 'the sources are here and here .' };
}

export function phrasesOf(question: Question): Phrases {
  return question.task.startsWith('pocket') ? pocketPhrases(question) : english;
}

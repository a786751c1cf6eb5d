import { RowError } from './row-problems.ts';
import type { Example } from './types.ts';

/** An example with a text in front of its prompt. @throws RowError where it has no prompt */
export function prefaced(example: Example, text: string): Example {
  switch (example.kind) {
    case 'conversation': {
      const [first, ...others] = example.messages;
      if (first?.role !== 'system')
        return { ...example, messages: [{ role: 'system', content: text }, ...example.messages] };
      return { ...example, messages: [{ ...first, content: `${text}\n\n${first.content}` }, ...others] };
    }
    case 'completion':
      return { ...example, prompt: `${text}\n\n${example.prompt}` };
    default:
      throw new RowError(
        'there is no prompt that a text could stand in front of',
        'rows of messages, or of prompt and completion, have one.',
      );
  }
}

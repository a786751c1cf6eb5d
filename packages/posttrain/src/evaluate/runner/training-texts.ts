import { type Example, readExamples } from '../../data/index.ts';
import { readResolved } from '../../runs/index.ts';
import type { TrainingTexts } from './overlap.ts';

/**
 * The texts that a run trains on, from the data that its recipe names.
 * @throws PosttrainError where the folder holds no run, or its data cannot be read any more
 */
export function trainingTextsOf(runFolder: string): TrainingTexts {
  const { data, replay } = readResolved(runFolder);
  const paths = [...data.train.map(({ path }) => path), ...(replay ? [replay.path] : [])];
  return { label: runFolder, texts: textsOf(paths) };
}

async function* textsOf(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    const { examples } = await readExamples(path);
    for (const example of examples) yield* textsOfExample(example);
  }
}

/** Turn by turn, so that a short prompt can be found as a whole, and as one text, since a task may join turns. */
function* textsOfExample(example: Example): Generator<string> {
  switch (example.kind) {
    case 'conversation': {
      const turns = example.messages.map(({ content }) => content);
      yield* turns;
      if (turns.length > 1) yield turns.join('\n');
      break;
    }
    case 'completion':
      yield example.prompt;
      yield `${example.prompt}\n${example.completion}`;
      break;
    case 'text':
      yield example.text;
      break;
    case 'segments':
      yield example.segments.map(({ text }) => text).join('');
      break;
    case 'tokens':
      break; // without text there is nothing to compare
  }
}

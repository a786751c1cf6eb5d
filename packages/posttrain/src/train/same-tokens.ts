import { Tokenizer } from '../data/index.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { PosttrainError } from '../support/errors.ts';

/** Differences that a message shows. */
const shownDifferences = 5;

/** The model beside the one that is trained: what messages call it, the key that names it, and what to do where it does not fit. */
export interface OtherModel {
  readonly name: string;
  readonly key: string;
  readonly help: string;
}

/**
 * A model that reads the tokens of another, or gives distributions over them, must mean the same by each id.
 * @throws recipe-invalid naming the first tokens that differ
 */
export async function refuseOtherTokens(
  ownFolder: string,
  model: string,
  { name, key, help }: OtherModel,
): Promise<void> {
  const otherFolder = resolveModelFolder(model);
  if (otherFolder === ownFolder) return;
  const [own, other] = await Promise.all([Tokenizer.load(ownFolder), Tokenizer.load(otherFolder)]);
  const differences: string[] = [];
  let count = 0;
  for (let id = 0; id < Math.max(own.vocabSize, other.vocabSize); id++) {
    const [ours, theirs] = [own.tokenOf(id), other.tokenOf(id)];
    if (ours === theirs) continue;
    count++;
    if (differences.length < shownDifferences)
      differences.push(`${id}: the model has ${nameOf(ours)}, the ${name} ${nameOf(theirs)}`);
  }
  if (count === 0) return;
  if (count > differences.length) differences.push(`… and ${count - differences.length} more`);
  throw new PosttrainError(
    'recipe-invalid',
    `the ${name} ${model} has other tokens than the model (${other.vocabSize} against ${own.vocabSize}):\n  ${differences.join('\n  ')}`,
    {
      place: { key },
      help,
    },
  );
}

function nameOf(token: string | undefined): string {
  return token === undefined ? 'none' : JSON.stringify(token);
}

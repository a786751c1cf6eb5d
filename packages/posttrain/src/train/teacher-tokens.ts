import { Tokenizer } from '../data/index.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { PosttrainError } from '../support/errors.ts';

/** Differences that a message shows. */
const shownDifferences = 5;

/**
 * A teacher's distribution is over its own tokens, so both models must mean the same by each id.
 * @throws recipe-invalid naming the first tokens that differ
 */
export async function refuseOtherTokens(studentFolder: string, teacher: string): Promise<void> {
  const teacherFolder = resolveModelFolder(teacher);
  if (teacherFolder === studentFolder) return;
  const [own, other] = await Promise.all([Tokenizer.load(studentFolder), Tokenizer.load(teacherFolder)]);
  const differences: string[] = [];
  let count = 0;
  for (let id = 0; id < Math.max(own.vocabSize, other.vocabSize); id++) {
    const [ours, theirs] = [own.tokenOf(id), other.tokenOf(id)];
    if (ours === theirs) continue;
    count++;
    if (differences.length < shownDifferences)
      differences.push(`${id}: the model has ${nameOf(ours)}, the teacher ${nameOf(theirs)}`);
  }
  if (count === 0) return;
  if (count > differences.length) differences.push(`… and ${count - differences.length} more`);
  throw new PosttrainError(
    'recipe-invalid',
    `the teacher ${teacher} has other tokens than the model (${other.vocabSize} against ${own.vocabSize}):\n  ${differences.join('\n  ')}`,
    {
      place: { key: 'distill.teacher' },
      help: 'a teacher of the same family has the same tokenizer. To learn from another one, train on the texts it writes with method: sft.',
    },
  );
}

function nameOf(token: string | undefined): string {
  return token === undefined ? 'none' : JSON.stringify(token);
}

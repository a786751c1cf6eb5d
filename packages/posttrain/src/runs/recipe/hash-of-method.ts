import { PosttrainError } from '../../support/errors.ts';
import { hashOfCode } from './load-code.ts';

/**
 * The hash of the file that defines a recipe's method; none where there is no such file, which is said when it is loaded.
 * @throws PosttrainError `recipe-invalid` where the recipe gives another hash
 */
export function hashOfMethod({
  method,
  sha256: expected,
}: {
  readonly method: string;
  readonly sha256?: string | undefined;
}): {
  readonly sha256?: string;
} {
  const found = hashOfCode(method);
  if (expected === undefined || found.sha256 === undefined || expected === found.sha256) return found;
  throw new PosttrainError('recipe-invalid', `the method ${method} is not the one of the recipe's sha256.`, {
    place: { key: 'sha256' },
    help: 'leave sha256 out to take the file as it is now.',
    data: { expected, found: found.sha256 },
  });
}

import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { importModule, refuseOutside } from '../runs/recipe/load-code.ts';
import { PosttrainError } from '../support/errors.ts';
import { type AnyMethodDefinition, isMethod } from './define-method.ts';

const place = { key: 'method' };

/**
 * The method that a file defines. Its code runs, because a recipe names it.
 * @throws PosttrainError `file-missing`; `folder-unsafe` where the file lies outside `within`; `method-invalid` where it fails or defines none
 */
export async function importMethod(file: string, within: string | undefined): Promise<AnyMethodDefinition> {
  if (!existsSync(file))
    throw new PosttrainError('file-missing', `there is no file ${relative(process.cwd(), file)}.`, {
      place,
      help: 'method names one of this package, or a file whose default export is defineMethod({ … }).',
    });
  if (within !== undefined) refuseOutside('method', file, within);
  const { default: method, ...others } = await imported(file);
  if (isMethod(method)) return method;
  throw new PosttrainError('method-invalid', `${file} ${whyNot(method, Object.keys(others))}.`, {
    place: { file },
    help: "export default defineMethod({ … }), with defineMethod from 'posttrain/train'.",
  });
}

async function imported(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importModule(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('method-invalid', `the method's file failed: ${message}`, { place: { file }, cause });
  }
}

function whyNot(method: unknown, others: readonly string[]): string {
  if (typeof method === 'object' && method !== null && 'objective' in method)
    return 'defines a method without defineMethod of this copy of the package';
  if (method !== undefined) return 'has a default export that is no method';
  return `exports ${others.length === 0 ? 'nothing' : others.join(', ')}, and no method`;
}

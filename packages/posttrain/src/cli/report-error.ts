import { type PosttrainError, toPosttrainError } from '../support/errors.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Prints what went wrong and gives the exit code for it. Under --json, programs get the same as a JSON line. */
export function reportError(thrown: unknown, output: Output): ExitCode {
  const error = toPosttrainError(thrown);
  output.status.done();
  const { red, dim } = output.noteColours;
  process.stderr.write(`${red('error')} ${error.format()}\n`);
  if (output.verbose) process.stderr.write(`${dim(stackOf(error))}\n`);
  if (isOurFault(error)) process.stderr.write(`${reportAdvice(output.verbose)}\n`);
  if (output.json) {
    const { code, message, help, place } = error;
    output.data({ type: 'error', code, message, help, place });
  }
  return exitCodeOf(error.code);
}

function isOurFault(error: PosttrainError): boolean {
  return error.code === 'internal' || error.code === 'engine-failed';
}

function reportAdvice(verbose: boolean): string {
  const trace = verbose ? 'the stack above' : 'the output of the same command with --verbose';
  return `  This should not happen and is a mistake in posttrain. Please report it with ${trace}\n  and the output of \`posttrain doctor\`.`;
}

/** The stack of the error and of everything that caused it. */
function stackOf(error: PosttrainError): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let link: unknown = error; link instanceof Error && !seen.has(link); link = link.cause) {
    seen.add(link);
    stacks.push(link.stack ?? String(link));
  }
  return stacks.join('\ncaused by ');
}

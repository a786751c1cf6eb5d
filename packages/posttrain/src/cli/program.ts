import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { PosttrainError } from '../support/errors.ts';
import { EngineNotReady } from './engine-not-ready.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';
import { reportError } from './report-error.ts';
import { addVerbs } from './verbs.ts';

/** Runs one command line, `argv` without node and script, and gives its exit code. Nothing is thrown. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  let result: ExitCode = exitCode.ok;
  // A command line that cannot be parsed still has to be reported in the form that it asks for.
  let output: Output = createOutput({
    json: argv.includes('--json'),
    quiet: false,
    verbose: argv.includes('--verbose'),
  });
  const program = createProgram();
  addVerbs(program, async (command, action) => {
    const { json = false, quiet = false, verbose = false } = command.optsWithGlobals<Record<string, boolean>>();
    output = createOutput({ json, quiet, verbose });
    result = await action(output);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return result;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCode.ok; // --help, --version
    if (thrown instanceof CommanderError) return reportError(asUsageError(thrown, program, argv), output);
    if (!(thrown instanceof EngineNotReady)) return reportError(thrown, output);
    const code = reportError(thrown.reason, output);
    return code === exitCode.usage ? code : exitCode.environment;
  }
}

function createProgram(): Command {
  return new Command('posttrain')
    .description('Takes a pretrained language model to an aligned, evaluated one.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--verbose', 'show stacks of errors')
    .option('--quiet', 'results, warnings and errors only')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Commander's messages in our form: its first line is the message, its suggestion the help. */
function asUsageError(error: CommanderError, program: Command, argv: readonly string[]): PosttrainError {
  // Without a verb commander prints the help as an error; that help is on standard error already.
  if (error.code === 'commander.help') return new PosttrainError('usage', 'No command given.');
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const nearest = suggestion?.replace(/^\(|\)$/g, '');
  const verb = program.commands.find((command) => command.name() === argv.find((word) => !word.startsWith('-')));
  const help = `\`posttrain ${verb ? `${verb.name()} ` : ''}--help\` lists ${verb ? 'its options' : 'the commands'}.`;
  return new PosttrainError('usage', sentence(message), { help: nearest ? `${nearest} ${help}` : help, cause: error });
}

function sentence(text: string): string {
  const ended = /[.?!]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

export function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { numberOption } from './number-option.ts';
import type { Output } from './output.ts';

type Action = (output: Output) => Promise<ExitCode>;
/** Calls an action with the output that its command's options ask for. */
type Runner = (command: Command, action: Action) => Promise<void>;

const positive = numberOption({ integer: true, min: 1 });
const seed = numberOption({ integer: true, min: 0, max: 2 ** 32 - 1 });

/**
 * Every verb with its arguments and options. What a verb does is imported when it runs, so that help and mistakes in
 * the call cost no more than this file.
 */
export function addVerbs(program: Command, run: Runner): void {
  addSetup(program, run);
  addQuickstart(program, run);
  addTrain(program, run);
  addChat(program, run);
  addRuns(program, run);
}

function addSetup(program: Command, run: Runner): void {
  program
    .command('setup')
    .description('find or fetch libtorch and build the engine for it')
    .option('--torch <path>', "a torch folder to use: a Python's site-packages/torch, or libtorch")
    .option('--wheel <file...>', 'torch wheels on the disk to unpack instead of a download')
    .option('--offline', 'download nothing')
    .option('--force', 'look, fetch and build again, whatever is there')
    .option('--json', 'the result as one JSON document')
    .action((options, command) =>
      run(command, async (output) => (await import('./setup.ts')).setupCommand(options, output)),
    );
  program
    .command('doctor')
    .description('check this machine and say what to do about what is missing')
    .option('--json', 'the checks as one JSON document')
    .action((_options, command) => run(command, async (output) => (await import('./doctor.ts')).doctorCommand(output)));
}

function addQuickstart(program: Command, run: Runner): void {
  program
    .command('quickstart')
    .description('fine-tune the embedded model in under three minutes and show it before and after')
    .option('--dir <folder>', 'the run folder (default: runs/quickstart-<n>)')
    .option('--seed <n>', 'of data, training and test items', seed, 1)
    .option('--steps <n>', "training steps instead of the recipe's", positive)
    .option('--items <n>', 'test items for each task', positive, 100)
    .option('--threads <n>', 'CPU threads', positive)
    .option('--json', 'the result as one JSON document')
    .action((options, command) =>
      run(command, async (output) => (await import('./quickstart.ts')).quickstartCommand(options, output)),
    );
}

function addTrain(program: Command, run: Runner): void {
  program
    .command('train')
    .description('train by a recipe')
    .argument('<recipe>', 'a .yaml, .json or .ts recipe')
    .argument('[overrides...]', 'keys of the recipe to change: lr=2e-5 data.maxTokens=512')
    .option('--dir <folder>', 'the run folder (default: runs/<recipe>-<n>)')
    .option('--resume', "go on from the folder's newest checkpoint (default folder: the newest runs/<recipe>-<n>)")
    .option('--dry-run', 'print the resolved recipe and train nothing')
    .option('--threads <n>', 'CPU threads, the same as threads=<n>', positive)
    .option('--json', 'events as JSON lines')
    .action((recipe, overrides, options, command) =>
      run(command, async (output) => (await import('./train.ts')).trainCommand(recipe, overrides, options, output)),
    );
}

function addChat(program: Command, run: Runner): void {
  program
    .command('chat')
    .description('talk to a model; prompts from a pipe are answered line by line')
    .argument('<folder>', 'a model folder, a run folder (its newest checkpoint), or pocket')
    .option('--system <text>', 'a system message before the first prompt')
    .option('--raw', 'continue the prompt as plain text, without the chat template')
    .option('--max-tokens <n>', 'longest answer', positive)
    .option('--temperature <t>', '0 takes the likeliest token', numberOption({ min: 0 }))
    .option('--top-k <k>', 'sample among the k likeliest tokens', positive)
    .option('--top-p <p>', 'sample among the likeliest tokens of this mass', numberOption({ min: 0, max: 1 }))
    .option('--min-p <p>', "leave out tokens below this share of the likeliest one's", numberOption({ min: 0, max: 1 }))
    .option('--stop <text...>', 'end an answer before any of these')
    .option('--seed <n>', 'of the sampling', seed)
    .option('--precision <kind>', 'auto, fp32 or bf16')
    .option('--threads <n>', 'CPU threads', positive)
    .option('--json', 'answers as JSON lines')
    .action((folder, options, command) =>
      run(command, async (output) => (await import('./chat.ts')).chatCommand(folder, options, output)),
    );
}

function addRuns(program: Command, run: Runner): void {
  const runs = program.command('runs').description('list, show and compare runs');
  runs
    .command('list', { isDefault: true })
    .description('the runs below a folder')
    .argument('[folder]', 'where to look', 'runs')
    .option('--json', 'as one JSON document')
    .action((folder, _options, command) =>
      run(command, async (output) => (await import('./runs.ts')).listCommand(folder, output)),
    );
  runs
    .command('show')
    .description('one run: its recipe, its course and its checkpoints')
    .argument('<folder>', 'a run folder')
    .option('--json', 'as one JSON document')
    .action((folder, _options, command) =>
      run(command, async (output) => (await import('./runs.ts')).showCommand(folder, output)),
    );
  runs
    .command('diff')
    .description('what differs between two runs, in recipe and result')
    .argument('<a>', 'a run folder')
    .argument('<b>', 'another')
    .option('--json', 'as one JSON document')
    .action((a, b, _options, command) =>
      run(command, async (output) => (await import('./runs.ts')).diffCommand(a, b, output)),
    );
}

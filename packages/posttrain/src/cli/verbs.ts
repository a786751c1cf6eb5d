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
  addEval(program, run);
  addGenerate(program, run);
  addLabel(program, run);
  addRewards(program, run);
  addStudy(program, run);
  addMerge(program, run);
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
    .description('fine-tune the embedded model in some three minutes and compare it with what it was')
    .option('--dir <folder>', 'the run folder (default: runs/quickstart-<n>)')
    .option('--profile <name>', 'full, or quick: a quarter of the steps, fewer items and tasks', 'full')
    .option('--seed <n>', 'of data, training and test items', seed, 1)
    .option('--steps <n>', "training steps instead of the profile's", positive)
    .option('--items <n>', "test items for each task instead of the profile's", positive)
    .option('--cache <folder>', 'where answers are kept and found again', '.posttrain/answers')
    .option('--open', 'show the scorecard in a browser')
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
    .option('--allow-code', 'run rewards, or a method, that the recipe names outside its own folder')
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

function addEval(program: Command, run: Runner): void {
  const repeated = (text: string, before: string[] = []) => [...before, text];
  program
    .command('eval')
    .description('evaluate models on tasks and compare them on identical documents')
    .argument('[models...]', 'model folders, run folders, pocket, or http://HOST/v1#MODEL; the first is compared with')
    .option('--tasks <names>', 'names with commas between, or *.eval.ts files, whose code then runs')
    .option('--list', 'the tasks that come with the package')
    .option('--compare', 'the models are evaluations written before: FOLDER, or FOLDER#MODEL; nothing is asked')
    .option('--data <name=path>', "a task's file or folder; repeat it for each name", repeated)
    .option('--limit <n>', 'documents of each task', positive)
    .option('--seed <n>', 'of sampling, of --limit and of resampling', seed, 1)
    .option('--out <folder>', 'where the report goes (default: evaluations/evaluation-<n>)')
    .option('--cache <folder>', 'where answers are kept and found again', '.posttrain/answers')
    .option('--training <run>', 'a run folder: look for the documents in its training data')
    .option('--judge <model>', 'who judges, where a task needs a judge: a folder or http://HOST/v1#MODEL')
    .option('--judge-labels <file>', 'items that people have labelled, to hold the judge to')
    .option('--allow-self-judge', 'let a model judge its own answers')
    .option('--require <condition>', 'such as "mmlu.acc >= 0.4" or "change of mmlu.acc > -0.02"; else exit 4', repeated)
    .option('--margin <task.metric=x>', 'differences up to x do not matter', repeated)
    .option('--final', 'intervals from 10,000 resamples instead of 2,000')
    .option('--precision <kind>', 'auto, fp32 or bf16', 'fp32')
    .option('--threads <n>', 'CPU threads', positive)
    .option('--junit <file>', 'requirements and tasks as test cases, for build servers')
    .option('--open', 'show the report in a browser')
    .option('--json', 'the result as one JSON document')
    .action((models, options, command) =>
      run(command, async (output) => (await import('./eval.ts')).evalCommand(models, options, output)),
    );
}

function addGenerate(program: Command, run: Runner): void {
  program
    .command('generate')
    .description('draw answers to prompts, score them, and keep all, the best, or pairs; goes on where it was stopped')
    .argument(
      '<model>',
      'a model folder, a run folder (its newest checkpoint), or pocket; http://HOST/v1#MODEL for --principles',
    )
    .argument('<prompts>', 'rows of prompt, messages or instruction; other keys go to the reward')
    .requiredOption('--out <file>', 'a .jsonl file for the rows; every answer goes to a record beside it')
    .option('--n <n>', 'answers to each prompt', positive, 1)
    .option(
      '--keep <what>',
      'all, best (one conversation a prompt) or pairs (best against worst; without a reward, to label)',
      'all',
    )
    .option(
      '--reward <name>',
      'a function that scores answers, such as ./rewards.ts#cited, whose code runs; the folder of a reward model; or rubric, by the rows’ own criteria',
    )
    .option('--judge <model>', 'who grades the rubrics: a folder or http://HOST/v1#MODEL')
    .option(
      '--principles <file>',
      'a principles.md, or regulated-qa: the model criticises its answers by it and revises them; --n revisions of each prompt',
    )
    .option('--pairs <file>', 'with --principles: a .jsonl file for comparisons of revision and first answer')
    .option('--min-score <x>', 'keep nothing of prompts whose best answer scores less', numberOption({}))
    .option('--max-tokens <n>', 'longest answer', positive, 256)
    .option('--temperature <t>', '0 takes the likeliest token', numberOption({ min: 0 }), 1)
    .option('--top-p <p>', 'sample among the likeliest tokens of this mass', numberOption({ min: 0, max: 1 }))
    .option('--seed <n>', 'of the sampling', seed, 1)
    .option('--precision <kind>', 'auto, fp32 or bf16', 'auto')
    .option('--threads <n>', 'CPU threads', positive)
    .option('--json', 'the result as one JSON document')
    .action((model, prompts, options, command) =>
      run(command, async (output) => (await import('./generate.ts')).generateCommand(model, prompts, options, output)),
    );
}

function addLabel(program: Command, run: Runner): void {
  program
    .command('label')
    .description('choose the better of two answers, pair by pair, or let a judge choose; goes on where it was left')
    .argument('<file>', 'rows of prompt and answers: [a, b], or of any comparison')
    .option('--out <file>', 'where choices go (default: <file>.labels.jsonl, of a judge <file>.judged.jsonl)')
    .option('--annotator <name>', 'who chooses (default: the user’s, or the judge’s, name)')
    .option('--judge <model>', 'who judges by principles, in both orders: a folder or http://HOST/v1#MODEL')
    .option('--principles <file>', 'a principles.md, or regulated-qa; each pair is judged by one that is drawn for it')
    .option('--every-principle', 'judge each pair by every principle')
    .option('--disagreement <what>', 'tie or drop: what a verdict becomes that changes with the order', 'tie')
    .option('--judge-labels <file>', 'choices by people, 50 or more, to hold the judge to')
    .option('--seed <n>', 'of the order of pairs and of their sides', seed, 1)
    .option('--precision <kind>', 'of a judge in a folder: auto, fp32 or bf16', 'auto')
    .option('--threads <n>', 'CPU threads of a judge in a folder', positive)
    .option('--report', 'only say what a file of feedback is worth: agreement, conflicts, position bias')
    .option('--json', 'the report as one JSON document')
    .action((file, options, command) =>
      run(command, async (output) => (await import('./label.ts')).labelCommand(file, options, output)),
    );
}

function addRewards(program: Command, run: Runner): void {
  const rewards = program.command('rewards').description('judge rewards before anything is trained on them');
  rewards
    .command('score')
    .description('judge a reward model on held-out pairs: accuracy, calibration, and what of it is length')
    .argument('<model>', 'the folder of a reward model, or a run folder (its newest checkpoint)')
    .requiredOption('--pairs <file>', 'rows of feedback that it was not trained on')
    .option(
      '--training <file>',
      'the pairs that it was trained on: baselines of length and of words are fitted on them',
    )
    .option('--by <key>', 'what pairs are told apart by: source or annotator', 'source')
    .option('--l2 <x>', 'penalty of the baselines’ weights', numberOption({ min: 1e-9 }), 1)
    .option('--scores <file>', 'write the two scores of each pair to a .jsonl file')
    .option('--precision <kind>', 'auto, fp32 or bf16', 'fp32')
    .option('--threads <n>', 'CPU threads', positive)
    .option('--json', 'the report as one JSON document')
    .action((model, options, command) =>
      run(command, async (output) => (await import('./rewards.ts')).rewardsScoreCommand(model, options, output)),
    );
  rewards
    .command('check')
    .description('play degenerate policies against rewards, and say how they can be hacked')
    .argument('<recipe>', 'a recipe with rewards, or one reward: ./rewards.ts#cited, exact, or the folder of a model')
    .option('--data <file>', 'rows with answers or references (default: the first file that the recipe trains on)')
    .option('--model <model>', 'also compare with what it answers: a folder, a run folder, or http://HOST/v1#MODEL')
    .option('--limit <n>', 'rows, drawn by the seed', positive, 200)
    .option('--margin <x>', 'how much less than honest answers a policy must earn', numberOption({ min: 0 }), 0.05)
    .option('--max-tokens <n>', 'longest answer of the model', positive, 256)
    .option('--temperature <t>', 'of the model; 0 takes the likeliest token', numberOption({ min: 0 }), 1)
    .option('--seed <n>', 'of the rows and of the sampling', seed, 1)
    .option('--require', 'exit with 4 where a policy is flagged')
    .option('--allow-code', 'run rewards that the recipe names outside its own folder')
    .option('--precision <kind>', 'of the model: auto, fp32 or bf16', 'auto')
    .option('--threads <n>', 'CPU threads of the model', positive)
    .option('--json', 'the report as one JSON document')
    .action((recipe, options, command) =>
      run(command, async (output) => (await import('./rewards-check.ts')).rewardsCheckCommand(recipe, options, output)),
    );
}

function addStudy(program: Command, run: Runner): void {
  program
    .command('study')
    .description('train arms over seeds and sweeps, and compare them; the same command goes on where it was stopped')
    .argument('<study>', 'a .yaml, .json or .ts study')
    .option('--dir <folder>', 'the study folder (default: studies/<name>)')
    .option('--dry-run', 'print the plan and train nothing')
    .option('--threads <n>', 'CPU threads of training and answering', positive)
    .option('--open', 'show the report in a browser')
    .option('--json', 'events as JSON lines')
    .action((study, options, command) =>
      run(command, async (output) => (await import('./study.ts')).studyCommand(study, options, output)),
    );
}

function addMerge(program: Command, run: Runner): void {
  program
    .command('merge')
    .description('add a LoRA adapter into the weights of its base, once both give the same logits')
    .argument('<adapter>', 'an adapter folder, or a run folder (its newest checkpoint)')
    .requiredOption('--out <folder>', 'the model folder to make')
    .option('--base <folder>', 'the base, in place of the one that the adapter names')
    .option('--tolerance <x>', 'largest difference of logits, as a share of the largest', numberOption({ min: 0 }))
    .option('--json', 'the result as one JSON document')
    .action((adapter, options, command) =>
      run(command, async (output) => (await import('./merge.ts')).mergeCommand(adapter, options, output)),
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

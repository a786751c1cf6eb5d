import { resolve } from 'node:path';
import { type PromptRow, readPrompts } from '../data/index.ts';
import type { Recipe, RecipeReward } from '../index.ts';
import { type AuditCase, type AuditedAnswer, adversarialPolicies, auditCases, auditReward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { hashSeed, Random } from '../support/random.ts';
import { evaluatedModels } from './eval-models.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { itemProgress } from './item-progress.ts';
import { loadLibrary, loadRuns } from './library.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { type CheckFacts, renderCheck } from './rewards-check-report.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

export interface RewardsCheckOptions {
  readonly data?: string;
  readonly model?: string;
  readonly limit: number;
  readonly margin: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly require?: boolean;
  readonly allowCode?: boolean;
  readonly precision: string;
  readonly threads?: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Plays degenerate policies against a recipe's whole reward, on its own rows, before anything is trained. */
export async function rewardsCheckCommand(
  target: string,
  options: RewardsCheckOptions,
  output: Output,
): Promise<ExitCode> {
  const { recipe, data, uses } = await targetOf(target, options);
  const { rows } = await readPrompts(data);
  const drawn = Random.of(options.seed, 'rewards-check').shuffle(rows).slice(0, options.limit);
  const { cases, left } = auditCases(drawn.map(({ prompt, row }) => ({ messages: prompt, row })));
  if (cases.length === 0)
    throw new PosttrainError('data-invalid', `no row of ${data} says what an honest answer is.`, {
      help: 'a row says it as reference, as the last answer of its messages, or as answer (null where there is none).',
      place: { file: data },
    });
  if (left > 0)
    output.warn(`${left} of ${drawn.length} rows say no honest answer, as reference or answer, and are left out.`);
  if (uses) await prepareEngine(output);
  const stop = new AbortController();
  using signals = watchStopSignals(() => stop.abort());
  try {
    const answers =
      options.model === undefined ? null : await answersOf(options.model, cases, options, output, stop.signal);
    const { loadRecipeReward } = await loadLibrary();
    await using reward = await loadRecipeReward(recipe, { allowCode: options.allowCode === true });
    const audit = await audited(reward, cases, answers, options, output, stop.signal);
    const { rows: policies, ...figures } = audit;
    const facts: CheckFacts = {
      ...figures,
      ...{ policies, target, data, rows: cases.length, left, answersOf: options.model ?? null },
    };
    output.status.done();
    if (output.json) output.data(facts);
    else output.result(renderCheck(facts, output));
    if (audit.impure > 0)
      output.warn(
        `the reward is impure: asked twice about the same answer, it differed at ${audit.impure} of ${cases.length} rows. Training replays its record, so a resumed run repeats what was said first.`,
      );
    return options.require && !audit.passed ? exitCode.belowThreshold : exitCode.ok;
  } catch (error) {
    if (signals.received === undefined) throw error;
    return signalExitCode[signals.received];
  } finally {
    output.status.done();
  }
}

async function audited(
  reward: RecipeReward,
  cases: readonly AuditCase<Row>[],
  answers: readonly AuditedAnswer[] | null,
  { margin }: RewardsCheckOptions,
  output: Output,
  signal: AbortSignal,
) {
  const total = cases.length * (adversarialPolicies.length + 2 + (answers ? 1 : 0));
  const progress = itemProgress(total, 'answers scored', output);
  let done = 0;
  const onDone = (more: number) => {
    done += more;
    progress(done);
  };
  return auditReward(reward, cases, { margin, signal, onDone, ...(answers ? { answers } : {}) });
}

interface Target {
  readonly recipe: Recipe | string;
  readonly data: string;
  /** Whether something that it uses needs an engine. */
  readonly uses: boolean;
}

/** A recipe by its file, or one reward as a recipe would use it. */
async function targetOf(target: string, { data, threads }: RewardsCheckOptions): Promise<Target> {
  const { loadRecipe, rewardKind, resolveRecipe } = await loadRuns();
  const isRecipe = /\.(ya?ml|json|[cm]?[jt]s)$/i.test(target);
  if (!isRecipe && data === undefined)
    throw new PosttrainError('usage', `--data names the rows that ${target} is checked on.`);
  const recipe = isRecipe ? target : recipeOf(target, data!, threads, rewardKind(target) === 'model');
  const { method, data: own, rewards } = await resolveRecipe(await loadRecipe(recipe));
  if (rewards === undefined)
    throw new PosttrainError('usage', `${target} is a recipe of method ${method}, which has no rewards.`);
  const uses = rewards.some(({ use, with: options }) => {
    const kind = rewardKind(use);
    return kind === 'model' || (kind === 'judge' && !/^https?:/.test(options!.model!));
  });
  return { recipe, data: data === undefined ? own.train[0]!.path : resolve(data), uses };
}

function recipeOf(use: string, data: string, threads: number | undefined, isModel: boolean): Recipe {
  const options = isModel && threads !== undefined ? { with: { threads } } : {};
  return { method: 'grpo', model: 'pocket', data: { train: data }, lr: 1e-6, rewards: [{ use, ...options }] };
}

async function answersOf(
  target: string,
  cases: readonly AuditCase<Row>[],
  options: RewardsCheckOptions,
  output: Output,
  signal: AbortSignal,
): Promise<AuditedAnswer[]> {
  const evaluate = await import('../evaluate/index.ts');
  const [named] = await evaluatedModels([target], options, evaluate, output, signal);
  const opened = 'open' in named! ? await named.open() : named!;
  try {
    const { temperature, maxTokens, seed } = options;
    const prompts = cases.map(({ messages }) => messages as PromptRow['prompt']);
    const seeds = cases.map((_, i) => hashSeed(seed, 'rewards-check', i));
    const answers = await opened.generate(prompts, { maxTokens, stop: [], temperature, topP: 1, seeds }, { signal });
    return answers.map(({ text, tokens, finish }) => ({
      text,
      ...(tokens.length > 0 ? { tokens } : {}),
      finish: finish === 'length' ? 'length' : 'stop',
    }));
  } finally {
    if (Symbol.asyncDispose in opened) await (opened as AsyncDisposable)[Symbol.asyncDispose]();
  }
}

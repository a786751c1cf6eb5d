import { resolve } from 'node:path';
import {
  type Keep,
  keepAnswers,
  type PromptRow,
  readPrompts,
  type SampledAnswer,
  type SampledAnswers,
  sampledId,
} from '../data/index.ts';
import type { JudgeReport } from '../evaluate/index.ts';
import { type Reward, scoreSample } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { hashSeed } from '../support/random.ts';
import { formatCount, formatNumber } from '../support/terminal/format.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { itemProgress } from './item-progress.ts';
import { loadLibrary, loadRuns, type Model } from './library.ts';
import { loadReward, type NamedReward } from './load-reward.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { precisionOf } from './precision-option.ts';
import { prepareEngine } from './prepare-engine.ts';
import { type RecordSettings, ResumeRecord } from './resume-record.ts';
import { checkRubrics, type JudgedRubric, rubricByJudge } from './rubric-by-judge.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

export interface GenerateCommandOptions {
  readonly out: string;
  readonly n: number;
  readonly keep: string;
  readonly reward?: string;
  /** Who grades rubrics. */
  readonly judge?: string;
  /** A file of standards: answers are criticised and revised by it. */
  readonly principles?: string;
  /** With `principles`: where comparisons of revision and first answer go. */
  readonly pairs?: string;
  readonly minScore?: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP?: number;
  readonly seed: number;
  readonly precision: string;
  readonly threads?: number;
}

/** Answers generated together: enough to fill a batch, few enough that a stop loses little. */
const together = 64;

/** Draws answers to prompts, scores them, and writes the rows that are to be kept. */
export async function generateCommand(
  target: string,
  prompts: string,
  options: GenerateCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const { principles } = options;
  if (principles !== undefined) {
    const { generateRevisionsCommand } = await import('./generate-revisions.ts');
    return generateRevisionsCommand(target, prompts, { ...options, principles }, output);
  }
  const keep = checkedKeep(options);
  const { rows } = await readPrompts(prompts);
  if (options.judge !== undefined) checkRubrics(rows);
  await using rubric = options.judge === undefined ? undefined : await rubricByJudge(options.judge, options, output);
  await using loaded =
    rubric || options.reward === undefined ? undefined : await loadReward(options.reward, options, output);
  const named = rubric ?? loaded;
  const { folder, warnings } = await findModelFolder(target);
  for (const warning of warnings) output.warn(warning);
  await prepareEngine(output);
  const { loadModel } = await loadLibrary();
  const { threads, precision } = options;
  await using model = await loadModel(folder, {
    precision: precisionOf(precision),
    ...(threads === undefined ? {} : { threads }),
  });
  const settings = await settingsOf(model, prompts, options, named, rubric);
  if (rubric?.weights === settings['weights']) output.warn('the model grades its own answers, which it may prefer');
  using record = new ResumeRecord<readonly SampledAnswer[]>(`${options.out}.samples.jsonl`, settings, 'answers');
  const stop = new AbortController();
  using signals = watchStopSignals(() => stop.abort());
  try {
    await drawAnswers(model, rows, record, named?.reward, options, output, stop.signal);
  } catch (error) {
    if (signals.received === undefined) throw error;
    output.note('Stopped. The same command goes on with the prompts that are left.');
    return signalExitCode[signals.received];
  }
  const sampled = rows.map(({ prompt, tools }): SampledAnswers => {
    const asked = { prompt, ...(tools ? { tools } : {}) };
    return { ...asked, answers: record.get(sampledId(asked))! };
  });
  const kept = keepAnswers(sampled, keep, { minScore: options.minScore, scored: named !== undefined });
  const { replaceFile } = await loadRuns();
  replaceFile(options.out, kept.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  present(sampled, kept, { ...options, keep }, record.path, rubric?.report() ?? null, output);
  return exitCode.ok;
}

function checkedKeep({ keep, reward, judge, pairs, n, out, minScore }: GenerateCommandOptions): Keep {
  if (keep !== 'all' && keep !== 'best' && keep !== 'pairs') {
    throw new PosttrainError('usage', `--keep is all, best or pairs, not "${keep}".`);
  }
  if (keep === 'best' && reward === undefined) {
    throw new PosttrainError('usage', '--keep best needs --reward, which says which answer is best.');
  }
  if (minScore !== undefined && reward === undefined) throw new PosttrainError('usage', '--min-score needs --reward.');
  if ((reward === 'rubric') !== (judge !== undefined))
    throw new PosttrainError(
      'usage',
      '--reward rubric and --judge go together: the judge grades each answer by its rubric.',
    );
  if (pairs !== undefined)
    throw new PosttrainError('usage', '--pairs goes with --principles.', {
      help: '--keep pairs sets the best answer against the worst.',
    });
  if (keep === 'pairs' && n < 2) throw new PosttrainError('usage', `--keep pairs needs --n of 2 or more, not ${n}.`);
  if (!/\.jsonl$/.test(out)) throw new PosttrainError('usage', `--out is ${out}; it is to end in .jsonl.`);
  return keep;
}

async function settingsOf(
  model: Model,
  prompts: string,
  { n, maxTokens, temperature, topP, seed, reward, precision }: GenerateCommandOptions,
  named: NamedReward | undefined,
  rubric: JudgedRubric | undefined,
): Promise<RecordSettings> {
  const { fingerprintFolder } = await import('../evaluate/index.ts');
  const { weights, tokenizer, template } = await fingerprintFolder(model.folder, {
    precision,
    engine: '',
    base: model.base,
  });
  const sampling = { n, maxTokens, temperature, topP: topP ?? null, seed, precision };
  // Another model in the same folder is another reward; the code of a function is its writer's to keep.
  const rewardWeights = named?.folder
    ? (await fingerprintFolder(named.folder, { precision: 'fp32', engine: '' })).weights
    : null;
  const rewarded = {
    reward: reward ?? null,
    ...(rewardWeights === null ? {} : { rewardWeights }),
    ...(rubric ? { judge: rubric.fingerprint } : {}),
  };
  return { prompts: resolve(prompts), weights, tokenizer, template, ...sampling, ...rewarded };
}

async function drawAnswers(
  model: Model,
  rows: readonly PromptRow[],
  record: ResumeRecord<readonly SampledAnswer[]>,
  reward: Reward<PromptRow['row']> | undefined,
  options: GenerateCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...new Map(rows.map((row) => [sampledId(row), row])).entries()].filter(([id]) => !record.get(id));
  const perBatch = Math.max(1, Math.floor(together / options.n));
  const progress = itemProgress(waiting.length, 'prompts', output);
  for (let start = 0; start < waiting.length; start += perBatch) {
    const some = waiting.slice(start, start + perBatch);
    const drawn = await draw(model, some, options, signal);
    // A reward hears of all answers at once, and may batch them; what was scored before one fails is kept.
    const scoring = some.map(([, row], i) =>
      scored(drawn.slice(i * options.n, (i + 1) * options.n), row, reward, signal),
    );
    for (const promise of scoring) promise.catch(() => {});
    for (const [i, [id]] of some.entries()) record.add(id, await scoring[i]!);
    progress(start + some.length);
  }
  output.status.done();
}

type Drawn = Awaited<ReturnType<Model['generate']>>;

/** Each answer has a seed of its own, from the prompt and its turn: what else stands in the file does not change it. */
async function draw(
  model: Model,
  some: readonly (readonly [string, PromptRow])[],
  { n, maxTokens, temperature, topP, seed }: GenerateCommandOptions,
  signal: AbortSignal,
): Promise<Drawn> {
  const inputs = some.flatMap(([, { prompt }]) => Array.from({ length: n }, () => prompt));
  const seeds = some.flatMap(([id]) => Array.from({ length: n }, (_, k) => hashSeed(seed, 'generate', id, k)));
  return await model.generate(inputs, { maxTokens, temperature, topP, seeds, signal });
}

async function scored(
  answers: Drawn,
  { prompt, row }: PromptRow,
  reward: Reward<PromptRow['row']> | undefined,
  signal: AbortSignal,
): Promise<SampledAnswer[]> {
  return await Promise.all(
    answers.map(async ({ text, tokens, finish }): Promise<SampledAnswer> => {
      if (reward === undefined) return { text, finish, score: null };
      const { value } = await scoreSample(reward, { messages: prompt, text, tokens, finish, row }, { signal });
      return { text, finish, score: value };
    }),
  );
}

function present(
  sampled: readonly SampledAnswers[],
  kept: ReturnType<typeof keepAnswers>,
  { out, keep, n, reward }: GenerateCommandOptions & { readonly keep: Keep },
  record: string,
  judge: JudgeReport | null,
  output: Output,
): void {
  const answers = sampled.flatMap((one) => one.answers);
  const scores = answers.flatMap(({ score }) => (score === null ? [] : [score]));
  const best = sampled.flatMap((one) => {
    const own = one.answers.flatMap(({ score }) => (score === null ? [] : [score]));
    return own.length > 0 ? [Math.max(...own)] : [];
  });
  const cut = answers.filter(({ finish }) => finish === 'length').length;
  const facts = {
    out,
    record,
    prompts: sampled.length,
    answers: answers.length,
    rows: kept.rows.length,
    without: kept.without,
    cut,
    meanScore: mean(scores),
    meanBest: mean(best),
    unscored: reward === undefined ? null : answers.length - scores.length,
    ...(judge ? { judge: { id: judge.id, asked: judge.asked, failed: judge.failed, reasons: judge.reasons } } : {}),
  };
  if (output.json) {
    output.data(facts);
    return;
  }
  const lines: [string, string][] = [
    ['rows', `${formatCount(facts.rows)} (${keep}) in ${shownPath(out)}`],
    [
      'answers',
      `${formatCount(facts.answers)} to ${formatCount(facts.prompts)} prompts, ${n} each, in ${shownPath(record)}`,
    ],
  ];
  if (reward !== undefined)
    lines.push(['score', `mean ${formatNumber(facts.meanScore)}, of the best of ${n} ${formatNumber(facts.meanBest)}`]);
  if (facts.unscored)
    lines.push([
      'unscored',
      judge
        ? `${formatCount(facts.unscored)} answers, without a rubric or without a verdict of ${judge.id}`
        : `${formatCount(facts.unscored)} answers, to which the reward does not apply`,
    ]);
  if (kept.without > 0) lines.push(['without', `${formatCount(kept.without)} prompts of which nothing is kept`]);
  if (cut > 0) lines.push(['cut', `${formatCount(cut)} answers reached their longest length; --max-tokens raises it`]);
  output.result(renderFacts(lines));
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

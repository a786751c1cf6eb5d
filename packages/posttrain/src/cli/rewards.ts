import { pairBaselines, rewardReport } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { formatCount, formatNumber } from '../support/terminal/format.ts';
import { progressBar } from '../support/terminal/status-line.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadLibrary, loadRuns } from './library.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { precisionOf } from './precision-option.ts';
import { prepareEngine } from './prepare-engine.ts';
import { type JudgedPair, lengthOf, type PairGroup, pairGroups, readJudgedPairs } from './rewards-pairs.ts';
import { type RewardFacts, renderRewardFacts } from './rewards-summary.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

export interface RewardsScoreOptions {
  readonly pairs: string;
  readonly training?: string;
  readonly by: string;
  readonly l2: number;
  readonly scores?: string;
  readonly precision: string;
  readonly threads?: number;
}

/** Judges a reward model on pairs that it has not seen, and against rules that read no meaning. */
export async function rewardsScoreCommand(
  target: string,
  options: RewardsScoreOptions,
  output: Output,
): Promise<ExitCode> {
  const { training, l2, threads } = options;
  const by = groupOf(options.by);
  const heldOut = await readJudgedPairs(options.pairs, by, output);
  const seen = training === undefined ? null : await readJudgedPairs(training, by, output);
  const precision = precisionOf(options.precision);
  const { folder, warnings } = await findModelFolder(target);
  for (const warning of warnings) output.warn(warning);
  await prepareEngine(output);
  const { loadRewardModel } = await loadLibrary();
  await using model = await loadRewardModel(folder, { precision, ...(threads === undefined ? {} : { threads }) });
  const stop = new AbortController();
  using signals = watchStopSignals(() => stop.abort());
  let scores: readonly number[];
  try {
    scores = await scoreAnswers(model, heldOut.pairs, output, stop.signal);
  } catch (error) {
    if (signals.received === undefined) throw error;
    output.note('Stopped. Nothing was written.');
    return signalExitCode[signals.received];
  }
  const scored = heldOut.pairs.map(({ prompt, group, chosen, rejected }, i) => ({
    prompt,
    group,
    chosen: { score: scores[2 * i]!, length: lengthOf(chosen) },
    rejected: { score: scores[2 * i + 1]!, length: lengthOf(rejected) },
  }));
  const plain = scored.map(({ chosen, rejected }) => ({ chosen: chosen.score, rejected: rejected.score }));
  if (options.scores !== undefined) await writeScores(options.scores, heldOut.pairs, plain);
  const facts: RewardFacts = {
    model: model.folder,
    file: options.pairs,
    read: heldOut.read,
    tiedJudgements: heldOut.ties,
    unused: heldOut.unused,
    ...rewardReport(scored),
    baselines: seen && pairBaselines(seen.pairs, heldOut.pairs, plain, { l2 }),
    promptsInTraining: seen && sharedPrompts(seen.pairs, heldOut.pairs),
  };
  if (facts.promptsInTraining)
    output.warn(
      `${formatCount(facts.promptsInTraining)} of ${formatCount(facts.prompts)} prompts also stand in ${training}: their pairs are not held out.`,
    );
  if (output.json) output.data(facts);
  else output.result(renderRewardFacts(facts, output));
  return exitCode.ok;
}

type RewardModel = Awaited<ReturnType<Awaited<ReturnType<typeof loadLibrary>>['loadRewardModel']>>;

/** Scores of the chosen and the rejected answer of each pair, in turn. */
async function scoreAnswers(
  model: RewardModel,
  pairs: readonly JudgedPair[],
  output: Output,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const conversations = pairs.flatMap(({ pair: { prompt, tools, chosen, rejected } }) =>
    [chosen, rejected].map((answer) => ({ messages: [...prompt, ...answer], ...(tools ? { tools } : {}) })),
  );
  const startedAt = performance.now();
  let done = 0;
  const onDone = (more: number) => {
    done += more;
    const left = (performance.now() - startedAt) / 1000 / done;
    output.progress(
      () =>
        `${progressBar(done / conversations.length, 24, output.noteColours)} ${formatCount(done)} of ${formatCount(conversations.length)} answers · ${formatNumber(left * (conversations.length - done))} s left`,
    );
  };
  try {
    return await model.score(conversations, { signal, onDone });
  } catch (error) {
    throw placed(error, pairs);
  } finally {
    output.status.done();
  }
}

/** An error about one conversation, with the row that it comes from. */
function placed(error: unknown, pairs: readonly JudgedPair[]): unknown {
  const index = PosttrainError.is(error) ? error.data?.['conversation'] : undefined;
  if (!PosttrainError.is(error) || typeof index !== 'number') return error;
  const { code, message, help, data } = error;
  return new PosttrainError(code, message, { help, data, cause: error, place: pairs[index >> 1]!.pair.origin });
}

async function writeScores(
  file: string,
  pairs: readonly JudgedPair[],
  scores: readonly { readonly chosen: number; readonly rejected: number }[],
): Promise<void> {
  const { replaceFile } = await loadRuns();
  const lines = pairs.map(({ pair: { origin }, group }, i) => JSON.stringify({ ...origin, group, ...scores[i] }));
  replaceFile(file, lines.map((line) => `${line}\n`).join(''));
}

function sharedPrompts(training: readonly JudgedPair[], heldOut: readonly JudgedPair[]): number {
  const seen = new Set(training.map(({ prompt }) => prompt));
  return new Set(heldOut.map(({ prompt }) => prompt).filter((prompt) => seen.has(prompt))).size;
}

function groupOf(by: string): PairGroup {
  const group = pairGroups.find((name) => name === by);
  if (group) return group;
  throw new PosttrainError('usage', `--by is ${pairGroups.join(' or ')}, not "${by}".`);
}

// Reward by reversing words, after a hundred steps of SFT: GRPO and RLOO, and GRPO beside TRL's. README.md says what is asked.
//   npm run -s study -- reverse-words --json
// Runs and answers stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMetrics } from 'posttrain/runs';
import { defineStudy, runStudy } from 'posttrain/study';
import { jsonLines } from '../pocket-start.mjs';
import { earnings, splits, startOf } from './start.mjs';
import { taskOf } from './task.mjs';
import { trlRuns } from './trl.mjs';
import { answerTokens, reversed, reward } from './words.mjs';

export const description = 'GRPO and RLOO learn to reverse words by reward alone, and GRPO as TRL’s does';
/** `steps` of each run; `seeds` of each method, `trlSeeds` of TRL's; `items` of each measurement, 0 for all. */
export const settings = { steps: 1500, seeds: 5, trlSeeds: 5, items: 0, threads: 1 };

const [prompts, group] = [8, 8];
const rates = [1e-4, 3e-4, 1e-3];
/** Each method's own keys: a study of its own, against the start. */
const methods = { grpo: { group }, rloo: { group, beta: 0 } };
/** Settled before any run: in each part, our mean is at most so many of TRL's standard deviations from its mean. */
const [parts, spread] = [10, 2];

export async function run({ settings: given, peers, log }) {
  const { steps, seeds, trlSeeds, threads } = given;
  const work = join(tmpdir(), `posttrain-reverse-words-${steps}`);
  const { start: shown, dev, test, train } = splits(steps * prompts);
  const start = await startOf(work, shown, threads);
  const file = join(work, 'prompts.jsonl');
  writeFileSync(file, jsonLines(train.map((prompt) => ({ prompt, answer: reversed(prompt) }))));
  const initial = await earnings(start, dev, { samples: 8, threads });
  const tasks = [taskOf('dev', dev, 1), taskOf('test', test, 1), taskOf('test-greedy', test, 0)];
  const ours = {};
  for (const method of Object.keys(methods))
    ours[method] = await studyOf(method, { start, file, work, tasks, given, log });
  const spec = {
    ...{ model: start, prompts: file, steps, batch: prompts * group, group, maxTokens: answerTokens },
    ...{ lr: ours.grpo.lr, threads },
  };
  const trl = peers && trlSeeds > 0 ? await trlRuns(peers, work, spec, [1, 2, 3, 4, 5].slice(0, trlSeeds), log) : null;
  return judge(initial, ours, trl, seeds);
}

async function studyOf(method, { start, file, work, tasks, given, log }) {
  const { steps, seeds, items, threads } = given;
  const recipe = {
    method,
    model: start,
    data: { train: file, shuffle: false },
    steps,
    batch: prompts * group,
    rollout: { maxTokens: answerTokens },
    rewards: [
      {
        use: function common({ text, row }) {
          return reward(row.prompt, text);
        },
      },
    ],
    [method]: methods[method],
    lr: rates,
    schedule: 'constant',
    precision: 'fp32',
    forgetting: false,
    every: { checkpoint: false },
    threads,
  };
  const study = defineStudy({
    name: `reverse-words-${method}`,
    arms: { start: { model: start }, [method]: recipe },
    seeds: [1, 2, 3, 4, 5].slice(0, seeds),
    baseline: 'start',
    choose: { tasks: ['dev'], metric: 'dev.reward' },
    evaluate: { tasks: ['test', 'test-greedy'], limit: items === 0 ? undefined : items },
  });
  const dir = join(work, `${method}-${seeds}-${items}`);
  const going = runStudy(study, { dir, threads, tasks });
  for await (const event of going) if (event.type === 'run') log(`${event.run.id} ${event.status}`);
  const { arms, rows, claim } = await going.result;
  const { choice, point, runs } = arms.find((arm) => arm.name === method);
  const seedRuns = runs.map(({ run }) => readMetrics(join(dir, 'runs', run)).steps);
  return {
    ...{ claim, rows, point, lr: Number(point.split('=')[1]), choice: choice.figures },
    secondsPerRun: mean(seedRuns.map((made) => made.reduce((sum, { seconds }) => sum + seconds, 0))),
    curves: seedRuns.map((made) => partsOf(made.map(({ metrics }) => metrics.reward))),
    mismatch: Math.max(...seedRuns.flat().map(({ metrics }) => metrics.mismatchMax)),
  };
}

function judge(initial, ours, trl) {
  const theirs = trl && {
    curves: trl.map(({ rewards }) => partsOf(rewards)),
    secondsPerRun: mean(trl.map(({ seconds }) => seconds)),
  };
  const apart = trl && Array.from({ length: parts }, (_, part) => distance(ours.grpo.curves, theirs.curves, part));
  const first = trl?.flatMap((one) => one.first) ?? [];
  const checks = {
    ...Object.fromEntries(
      Object.entries(ours).flatMap(([method, { rows, claim }]) => [
        [
          `${method}: reward of answers to test prompts improved`,
          rows.some(({ task, metric, verdict }) => task === 'test' && metric === 'reward' && verdict === 'improved'),
        ],
        [`${method}: it is a claim about the method`, claim.isClaim],
      ]),
    ),
    ...(trl && {
      [`grpo: within ${spread} standard deviations of TRL's mean in each tenth`]: apart.every((size) => size <= spread),
      'the same reward in both languages': first.every(
        ({ prompt, answer, reward: value }) => Math.abs(reward(prompt, answer) - value) < 1e-12,
      ),
    }),
  };
  return {
    ok: Object.values(checks).every(Boolean),
    ours: { initial, checks, ...ours },
    peers: trl && { ...theirs, seeds: trl.length, firstAnswers: first.length, apart },
    bound: null,
    ratio: trl && theirs.secondsPerRun / ours.grpo.secondsPerRun,
    ratioOf: 'seconds of a run, TRL over ours',
    versions: trl?.[0].versions,
  };
}

/** How far our mean of a part is from theirs, in standard deviations over their seeds. */
function distance(ours, theirs, part) {
  const [own, other] = [ours, theirs].map((curves) => curves.map((curve) => curve[part]));
  const middle = mean(other);
  const deviation = Math.sqrt(other.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (other.length - 1));
  return Math.abs(mean(own) - middle) / deviation;
}

/** Means over tenths of a run. */
function partsOf(values) {
  const border = (part) => Math.round((part * values.length) / parts);
  return Array.from({ length: parts }, (_, part) => mean(values.slice(border(part), border(part + 1))));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

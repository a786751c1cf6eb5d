// Reward models on the pocket world, whose oracle knows every preference: with flipped labels, with length as a clue, and on wordings that no
// pair had. README.md says what is asked.
//   npm run -s study -- pocket-reward --json
// Runs stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRewardModel, train } from 'posttrain';
import { pocket, preferencePairs, readFeedback } from 'posttrain/data';
import { latestCheckpoint } from 'posttrain/runs';
import { pairBaselines, rewardReport } from 'posttrain/scoring';
import { jsonLines, tunedPocket } from '../pocket-start.mjs';

export const description = 'reward models on pocket pairs: flipped labels, length as a clue, held-out wordings';
/** `pairs` to learn from, each once; `items` of each axis in a held-out set, 0 for all; `startSteps` of the tuned model, 0 for the recipe's. */
export const settings = { pairs: 3200, seeds: 5, items: 0, startSteps: 0, threads: 1 };

/** Settled before any run: what the pairs are like that each arm learns from. */
const arms = {
  clean: {},
  flipped: { flipped: 0.2 },
  'length-confounded': { padded: { better: 0.9 } },
};
/** What is held out: as in training; in wordings and combinations no pair had; and with the worse answer always the longer one. */
const heldOut = {
  plain: {},
  'new wording': { wording: 'held-out' },
  'worse is longer': { padded: { worse: 1 } },
};
/** Without `concise`, whose worse answer is always the longer one: length is to tell nothing unless an arm says so. */
const mix = { unsafe: 0.24, twin: 0.24, 'bias-ambiguous': 0.16, 'bias-disambiguated': 0.12, authority: 0.24 };
const rates = [1e-4, 3e-4, 1e-3];
const pairsPerStep = 16;

export async function run({ settings: given, log }) {
  const { pairs, seeds, items, startSteps, threads } = given;
  const work = join(tmpdir(), `posttrain-pocket-reward-${pairs}-${startSteps}`);
  const start = await tunedPocket(work, { steps: startSteps, threads }, log);
  const sets = await heldOutSets('test', items);
  const dev = await heldOutSets('dev', Math.min(items || 50, 50));
  const lr = await chooseRate({ work, start, threads, pairs, dev: dev.plain }, log);
  const results = [];
  for (const [arm, options] of Object.entries(arms)) {
    const training = await pairsOf(pocket.preferenceRows(pairs, 1, { mix, ...options }), join(work, `${arm}.jsonl`));
    for (const seed of [1, 2, 3, 4, 5].slice(0, seeds)) {
      const name = `${arm}-${lr.chosen}-seed-${seed}`;
      const checkpoint = await trained({ work, start, threads, seed, lr: lr.chosen, name, data: training.file }, log);
      const scored = await scores(checkpoint, sets, threads);
      for (const [set, { texts }] of Object.entries(sets)) {
        const report = rewardReport(scored[set]);
        results.push({
          ...{ arm, seed, set },
          accuracy: report.accuracy,
          calibration: report.calibration,
          length: report.length,
          groups: report.groups.map(({ group, value, interval }) => ({ group, value, interval })),
          baselines: pairBaselines(training.texts, texts, plainScores(scored[set])).map(
            ({ name: baseline, accuracy, difference, beaten }) => ({ baseline, accuracy, difference, beaten }),
          ),
        });
      }
      log(
        `${name}: ${results
          .slice(-3)
          .map(({ set, accuracy }) => `${set} ${accuracy.value.toFixed(3)}`)
          .join(', ')}`,
      );
    }
  }
  const rows = tableOf(results);
  const of = (arm, set) => results.filter((row) => row.arm === arm && row.set === set);
  const checks = {
    'with a fifth of the labels flipped, every seed beats both baselines on held-out pairs': of(
      'flipped',
      'plain',
    ).every(({ baselines }) => baselines.every(({ beaten }) => beaten)),
    'with a fifth of the labels flipped, every seed is better than chance in new wordings': of(
      'flipped',
      'new wording',
    ).every(({ accuracy }) => accuracy.interval.low > 0.5),
    'length as a clue is seen: scores of that arm go with length more than those of the clean one': of(
      'length-confounded',
      'plain',
    ).every(({ length }, i) => length.pearsonWithin > of('clean', 'plain')[i].length.pearsonWithin),
  };
  return {
    ok: Object.values(checks).every(Boolean),
    ours: { checks, lr, rows, results },
    peers: null,
    bound: null,
    ratio: null,
  };
}

async function heldOutSets(split, items) {
  const sets = {};
  for (const [name, options] of Object.entries(heldOut))
    sets[name] = await pairsOf(
      pocket.heldOutPreferences(split, { mix, ...options, limit: items === 0 ? undefined : items }),
    );
  return sets;
}

/** The rows, as pairs and as the texts that the baselines read; in a file too, where one is named. */
async function pairsOf(rows, file = join(tmpdir(), `posttrain-pairs-${process.pid}.jsonl`)) {
  writeFileSync(file, jsonLines(rows));
  const { rows: feedback } = await readFeedback(file);
  const { rows: pairs } = preferencePairs(feedback);
  const text = (messages) => messages.map(({ content }) => content).join(' ');
  const texts = pairs.map(({ prompt, chosen, rejected }) => ({
    prompt: text(prompt),
    chosen: text(chosen),
    rejected: text(rejected),
  }));
  return { file, pairs, texts, axes: rows.map(({ source }) => source) };
}

/** By accuracy on development pairs, one seed of the arm with flipped labels each. */
async function chooseRate({ work, start, threads, pairs, dev }, log) {
  const { file } = await pairsOf(
    pocket.preferenceRows(pairs, 1, { mix, ...arms.flipped }),
    join(work, 'flipped.jsonl'),
  );
  const tried = [];
  for (const lr of rates) {
    const checkpoint = await trained(
      { work, start, threads, seed: 1, lr, name: `flipped-${lr}-seed-1`, data: file },
      log,
    );
    const { plain } = await scores(checkpoint, { plain: dev }, threads);
    tried.push({ lr, accuracy: rewardReport(plain).accuracy.value });
    log(`lr ${lr}: ${tried.at(-1).accuracy.toFixed(3)} of development pairs`);
  }
  return { tried, chosen: tried.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).lr };
}

async function trained({ work, start, threads, seed, lr, name, data }, log) {
  const dir = join(work, name);
  const { checkpoint } = existsSync(dir) ? await latestCheckpoint(join(dir, 'checkpoints')) : { checkpoint: null };
  const recipe = {
    method: 'reward-model',
    model: start,
    data: { train: data },
    batch: pairsPerStep,
    epochs: 1,
    lr,
    schedule: { kind: 'linear', warmup: 0.05 },
    every: { checkpoint: false },
    seed,
    threads,
  };
  if (checkpoint !== null) return checkpoint.path;
  const run = train(recipe, { dir, resume: true });
  let last;
  for await (const event of run) if (event.type === 'step') last = event;
  log(`${name}: ${last.steps} steps, loss ${last.loss.toFixed(3)}, ${Math.round(last.tokensPerSecond)} tok/s`);
  return (await run.result).checkpoint;
}

async function scores(checkpoint, sets, threads) {
  const model = await loadRewardModel(checkpoint, { threads, precision: 'fp32' });
  try {
    const scored = {};
    for (const [name, set] of Object.entries(sets)) scored[name] = await scoredPairs(model, set);
    return scored;
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

async function scoredPairs(model, { pairs, texts, axes }) {
  const values = await model.score(
    pairs.flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((answer) => ({ messages: [...prompt, ...answer] })),
    ),
  );
  const side = (text, score) => ({ score, length: text.split(' ').length });
  return texts.map(({ prompt, chosen, rejected }, i) => ({
    prompt,
    group: axes[i],
    chosen: side(chosen, values[2 * i]),
    rejected: side(rejected, values[2 * i + 1]),
  }));
}

function plainScores(scored) {
  return scored.map(({ chosen, rejected }) => ({ chosen: chosen.score, rejected: rejected.score }));
}

/** Accuracy of each arm on each set, mean and range over seeds, beside the baselines; how scores go with length. */
function tableOf(results) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Object.keys(arms).flatMap((arm) =>
    Object.keys(heldOut).map((set) => {
      const own = results.filter((row) => row.arm === arm && row.set === set);
      const values = own.map(({ accuracy }) => accuracy.value);
      const baseline = (name) => own[0].baselines.find((one) => one.baseline === name).accuracy.value;
      return {
        ...{ arm, set },
        accuracy: mean(values),
        lowest: Math.min(...values),
        highest: Math.max(...values),
        lengthOnly: baseline('length'),
        bagOfWords: baseline('words'),
        withLength: mean(own.map(({ length }) => length.pearsonWithin ?? 0)),
      };
    }),
  );
}

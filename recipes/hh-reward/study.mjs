// Real preferences on real English: a reward model and DPO from the English base, on hh-rlhf's harmlessness pairs and on the preferences of
// "Build a Large Language Model From Scratch". README.md says what is asked.
//   npm run -s study -- hh-reward --json          needs ../shared/data beside the repository, and recipes/english-base/model
// Runs stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRewardModel, train } from 'posttrain';
import { preferencePairs, promptHash, readFeedback } from 'posttrain/data';
import { latestCheckpoint, readMetrics } from 'posttrain/runs';
import { feedbackReport, pairBaselines, rewardReport } from 'posttrain/scoring';
import { jsonLines } from '../pocket-start.mjs';

export const description = 'a reward model and DPO from the English base on real preferences, beside baselines';
/** `pairs` of each set at most, 0 for all. */
export const settings = { pairs: 0, seeds: 3, threads: 1 };

const base = fileURLToPath(new URL('../english-base/model', import.meta.url));
const shared = process.env.POSTTRAIN_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const sets = {
  'hh-rlhf, harmless': join(shared, 'data/hh_rlhf/harmless_base_test.jsonl'),
  'llms-from-scratch': join(shared, 'data/llms_from_scratch/instruction-data-with-preference.json'),
};
const heldOutShare = 0.25;
const maxTokens = 512;
const rates = [1e-4, 3e-4, 1e-3];
const dpoRate = 3e-5;
const pairsPerStep = 16;

export async function run({ settings: given, log }) {
  if (!existsSync(base)) throw new Error(`${base} is missing: npm run -s study -- english-base makes it.`);
  const results = {};
  for (const [name, path] of Object.entries(sets)) {
    if (!existsSync(path)) throw new Error(`${path} is missing: the data is not part of this repository.`);
    results[name] = await study(name, path, given, log);
  }
  return { ok: true, ours: results, peers: null, bound: null, ratio: null };
}

async function study(name, path, { pairs: most, seeds, threads }, log) {
  const work = join(tmpdir(), `posttrain-hh-reward-${name.replaceAll(/\W+/g, '-')}-${most}`);
  mkdirSync(work, { recursive: true });
  const read = await readFeedback(path);
  const made = preferencePairs(read.rows);
  const pairs = most === 0 ? made.rows : made.rows.slice(0, most);
  // By prompt, and by its hash: no prompt is on both sides.
  const isHeld = (pair) => Number.parseInt(promptHash(pair).slice(0, 8), 16) / 2 ** 32 < heldOutShare;
  const [training, heldOut] = [pairs.filter((pair) => !isHeld(pair)), pairs.filter(isHeld)];
  const files = { train: join(work, 'train.jsonl'), heldOut: join(work, 'held-out.jsonl') };
  for (const [file, rows] of [
    [files.train, training],
    [files.heldOut, heldOut],
  ])
    writeFileSync(file, jsonLines(rows.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected }))));
  const shared = {
    model: base,
    data: { train: files.train, validation: files.heldOut, maxTokens, overlong: 'drop' },
    epochs: 1,
    batch: pairsPerStep,
    schedule: { kind: 'linear', warmup: 0.1 },
    every: { evaluate: 1000, checkpoint: false },
    threads,
  };
  const reward = (lr, seed) => ({ method: 'reward-model', ...shared, rewardModel: { centring: 0.01 }, lr, seed });
  const tried = [];
  for (const lr of rates) {
    const dir = await trained(join(work, `reward-${lr}-seed-1`), reward(lr, 1), log);
    tried.push({ lr, accuracy: lastEvaluation(dir).metrics.accuracy });
  }
  // The held-out pairs choose among three rates, and are reported: with so few pairs a third part would tell nothing.
  const lr = tried.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).lr;
  const seedsDone = [];
  for (const seed of [1, 2, 3, 4, 5].slice(0, seeds)) {
    const dir = await trained(join(work, `reward-${lr}-seed-${seed}`), reward(lr, seed), log);
    seedsDone.push({ seed, ...(await judged(dir, training, heldOut, threads)) });
    log(`${name}, seed ${seed}: ${seedsDone.at(-1).accuracy.value.toFixed(3)}`);
  }
  const dpoDir = await trained(join(work, 'dpo'), { method: 'dpo', ...shared, lr: dpoRate, seed: 1 }, log);
  const { evaluations } = readMetrics(dpoDir);
  return {
    import: {
      read: read.rows.length,
      pairs: made.rows.length,
      ties: made.ties,
      unused: made.unused,
      ignoredKeys: read.ignoredKeys,
    },
    feedback: feedbackReport(read.rows),
    pairs: { training: training.length, heldOut: heldOut.length, maxTokens },
    rewardModel: { tried, lr, seeds: seedsDone },
    beatsBaselines: seedsDone.every(({ baselines }) => baselines.every(({ beaten }) => beaten)),
    dpo: { lr: dpoRate, before: evaluations[0], after: evaluations.at(-1) },
  };
}

/** The run folder; a run that has ended is not repeated. */
async function trained(dir, recipe, log) {
  const { checkpoint } = existsSync(dir) ? await latestCheckpoint(join(dir, 'checkpoints')) : { checkpoint: null };
  if (checkpoint !== null) return dir;
  const run = train(recipe, { dir, resume: true });
  for await (const event of run) {
    if (event.type === 'evaluate')
      log(
        `${recipe.method} ${recipe.lr} seed ${recipe.seed} step ${event.step}: held-out loss ${event.loss.toFixed(4)}, accuracy ${event.metrics.accuracy.toFixed(3)}`,
      );
  }
  await run.result;
  return dir;
}

function lastEvaluation(dir) {
  return readMetrics(dir).evaluations.at(-1);
}

async function judged(dir, training, heldOut, threads) {
  const { checkpoint } = await latestCheckpoint(join(dir, 'checkpoints'));
  const model = await loadRewardModel(checkpoint.path, { threads, precision: 'fp32' });
  try {
    const fits = [];
    const scores = [];
    for (const pair of heldOut) {
      const both = [pair.chosen, pair.rejected].map((answer) => ({ messages: [...pair.prompt, ...answer] }));
      try {
        scores.push(await model.score(both));
        fits.push(pair);
      } catch (error) {
        if (error.code !== 'data-overlong') throw error;
      }
    }
    const text = (messages) => messages.map(({ content }) => content).join(' ');
    const textsOf = (pairs) =>
      pairs.map((pair) => ({ prompt: promptHash(pair), chosen: text(pair.chosen), rejected: text(pair.rejected) }));
    const side = (answer, score) => ({ score, length: text(answer).split(/\s+/).length });
    const scored = fits.map((pair, i) => ({
      prompt: promptHash(pair),
      chosen: side(pair.chosen, scores[i][0]),
      rejected: side(pair.rejected, scores[i][1]),
    }));
    const report = rewardReport(scored);
    const plain = scores.map(([chosen, rejected]) => ({ chosen, rejected }));
    return {
      heldOutTooLong: heldOut.length - fits.length,
      accuracy: report.accuracy,
      calibration: report.calibration,
      length: report.length,
      baselines: pairBaselines(textsOf(training), textsOf(fits), plain).map(
        ({ name, accuracy, difference, beaten }) => ({
          ...{ name, accuracy, difference, beaten },
        }),
      ),
    };
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

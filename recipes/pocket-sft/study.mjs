// Fine-tunes the embedded base as the quickstart does, with five seeds, and reads the test split once. README.md says what is asked.
//   npm run -s study -- pocket-sft --json
// Runs and answers stay in a folder below the system's temporary one, so that a study that was stopped goes on.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEngine, loadModel, loadRecipe, train } from 'posttrain';
import { pocket } from 'posttrain/data';
import { builtInTasks, folderModel, loadTasks, readTestReads, runEvaluation, writeReports } from 'posttrain/evaluate';
import { latestCheckpoint } from 'posttrain/runs';
import { methodDifference, verdicts } from 'posttrain/scoring';
import { flawsIn } from './flaws.mjs';

export const description =
  'what fine-tuning did to the embedded base, over five seeds, on a test split that is read once';
/** `items` of each task, 0 for all; `steps`, 0 for the recipe's. */
export const settings = { seeds: 5, steps: 0, items: 0, draws: 2000, threads: 1 };

/** Settled before any of them was run. */
const seeds = [1, 2, 3, 4, 5];
const groups = ['pocket', 'pocket/sampled', 'pocket/held-out'];
/** What fine-tuning is claimed to teach, with p below `level` after Holm's adjustment over every figure of the study. */
const claims = [
  'pocket/grounded.correct',
  'pocket/abstention.abstention_recall',
  'pocket/abstention.coverage',
  'pocket/closed.correct',
  'pocket/closed-held-out.correct',
  'pocket/double.first_cited',
  'pocket/intent.in_scope_accuracy',
  'pocket/intent.out_of_scope_recall',
  'pocket/constraints.correct',
  'pocket/safety.twin_correct',
  'pocket/bias.acc_disambiguated',
];
const level = 0.01;
const recipeFile = fileURLToPath(new URL('../../packages/posttrain/assets/pocket/quickstart.yaml', import.meta.url));

export async function run({ settings: given, log }) {
  const own = seeds.slice(0, given.seeds);
  const work = join(tmpdir(), `posttrain-pocket-sft-${await fingerprint(given)}`);
  mkdirSync(work, { recursive: true });
  const checkpoints = [];
  for (const seed of own) checkpoints.push(await tune(seed, work, given, log));
  const evaluation = await evaluate(work, checkpoints, given, log);
  writeReports(join(work, 'evaluation'), evaluation);
  const rows = compare(evaluation, own, given);
  const flaws = flawsIn(evaluation.runs);
  const of = (name) => rows.find((row) => row.name === name);
  const checks = {
    ...Object.fromEntries(
      claims.map((name) => [
        `${name} improved, p < ${level}`,
        of(name).verdict === 'improved' && of(name).adjusted < level,
      ]),
    ),
    'every planted flaw of more than half shows in greedy and sampled answers': flaws
      .filter(({ planted }) => planted > 0.5)
      .every(({ greedy, sampled }) => Math.min(...greedy, ...sampled) > 0.2),
    'the test split was read once': readTestReads(work).length === 1,
  };
  return {
    ok: Object.values(checks).every(Boolean),
    ours: {
      seeds: own,
      checks,
      reads: readTestReads(work),
      rows,
      worse: rows.filter(({ verdict }) => verdict === 'regressed').map(({ name }) => name),
      flaws,
    },
    peers: null,
    bound: null,
    ratio: null,
  };
}

/** Of everything that decides a run: another mix, recipe or length is another study, in a folder of its own. */
async function fingerprint({ steps }) {
  const { recipe } = await loadRecipe(recipeFile);
  const facts = JSON.stringify([recipe, steps, pocket.sftMix, pocket.plantedFlaws]);
  return createHash('sha256').update(facts).digest('hex').slice(0, 8);
}

/** The checkpoint of a seed; a run that has ended is not repeated, one that was stopped goes on. */
async function tune(seed, work, { steps, threads }, log) {
  const dir = join(work, `seed-${seed}`);
  const rows = `${dir}.rows.jsonl`;
  const overrides = [`data.train=${JSON.stringify(rows)}`, `seed=${seed}`, `threads=${threads}`];
  if (steps > 0) overrides.push(`steps=${steps}`);
  const { recipe } = await loadRecipe(recipeFile, overrides);
  if (!existsSync(rows))
    writeFileSync(
      rows,
      pocket
        .sftRows(recipe.batch * recipe.steps, seed)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
  const { checkpoint } = await latestCheckpoint(join(dir, 'checkpoints'));
  if (checkpoint !== null && checkpoint.step === recipe.steps) return checkpoint.path;
  const run = train({ ...recipe, every: { ...recipe.every, checkpoint: 200, keep: 1 } }, { dir, resume: true });
  for await (const event of run)
    if (event.type === 'step' && event.step % 100 === 0)
      log(`seed ${seed} ${event.step}/${event.steps} loss ${event.loss.toFixed(3)}`);
  return (await run.result).checkpoint;
}

/** The base and all runs on the same items, in one reading. Answers that are known are not asked again. */
async function evaluate(work, checkpoints, { items, draws, threads }, log) {
  const { torch } = await ensureEngine();
  const open = (id, folder) => ({
    id,
    open: async () => {
      log(`evaluating ${id}`);
      const model = await loadModel(folder, { threads, precision: 'fp32' });
      const evaluated = await folderModel(model, { id, precision: 'fp32', engine: `torch ${torch?.version ?? 'own'}` });
      return { ...evaluated, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
    },
  });
  return runEvaluation({
    models: [open('base', 'pocket'), ...checkpoints.map((folder, i) => open(`seed ${seeds[i]}`, folder))],
    tasks: await loadTasks(groups, builtInTasks),
    limit: items === 0 ? undefined : items,
    cacheDir: join(work, 'answers'),
    testRecords: [work, ...checkpoints.map((folder) => join(folder, '..', '..'))],
    draws,
  });
}

/** Every figure of every task, base against all seeds: the interval resamples seeds and items, p is adjusted over all of them. */
function compare({ runs, result }, own, { draws }) {
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const itemsOf = (task, model) => runs.find((one) => one.task === task && one.model === model).items;
  const drafts = tasks.flatMap((task) => {
    const { metrics } = runs.find((one) => one.task === task).planned.task;
    const [base, ...tuned] = result.models.map(({ id }) => itemsOf(task, id));
    return Object.entries(metrics).map(([name, metric]) => {
      const statistic = statisticOf(metric);
      const values = (items) => items.map((item) => item.values[name]);
      // The base has no seed: it is the same in every pair.
      const before = tuned.map(() => values(base));
      const clusters = base.map(({ cluster }) => cluster);
      const difference = unanimous(
        methodDifference(before, tuned.map(values), { statistic, draws, clusters, seed: 1, name: `${task}.${name}` }),
      );
      return {
        name: `${task}.${name}`,
        axis: metric.axis ?? result.results.find((one) => one.task === task).axis,
        direction: metric.ideal === undefined ? (metric.higherIsBetter ? 'up' : 'down') : `to ${metric.ideal}`,
        n: base.length,
        perSeed: tuned.map((items) => statistic(values(items))),
        difference,
        // A distance from an ideal has no direction of its own: the figure is shown and not judged.
        ...(metric.ideal === undefined
          ? { higherIsBetter: metric.higherIsBetter }
          : { higherIsBetter: true, notComparable: `best at ${metric.ideal}` }),
      };
    });
  });
  const words = verdicts(drafts);
  return drafts.map(({ difference, higherIsBetter, notComparable, ...row }, i) => ({
    ...row,
    before: difference.before ?? row.before ?? null,
    after: difference.after ?? mean(row.perSeed),
    change: difference.value,
    interval: difference.interval,
    p: difference.p,
    adjusted: words[i].adjusted,
    // Fewer seeds than a claim needs decide nothing.
    verdict: own.length < seeds.length && words[i].word !== 'not comparable' ? 'inconclusive' : words[i].word,
  }));
}

/**
 * Where every item changed alike in every run, as from all wrong to all right, there is no variance to make an interval of; a sign
 * test over the clusters still tells that it was no accident.
 */
function unanimous(difference) {
  const { value, interval, clusters, varianceOfSeeds, varianceOfItems } = difference;
  if (interval !== null || !value || varianceOfSeeds !== 0 || varianceOfItems !== 0) return difference;
  return { ...difference, interval: { low: value, high: value }, p: 2 ** (1 - clusters) };
}

/** A figure of the values of all items; those to which it does not apply are null. */
function statisticOf(metric) {
  return (values) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return null;
    const figure = metric.kind === 'aggregate' ? metric.compute(known) : mean(known);
    return figure !== null && Number.isFinite(figure) ? figure : null;
  };
}

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

// Trains the embedded base `pocket` from random weights, stage by stage, each an ordinary `pretrain` run on generated rows;
// then fine-tunes it as the quickstart does, and measures both. With install=1 the base goes into the package.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel, loadRecipe, train } from 'posttrain';
import { pocket } from 'posttrain/data';
import { scorePocketAnswer, wilsonInterval } from 'posttrain/scoring';
import { follow, trainStage, writeInitialModel } from '../pocket-curriculum.mjs';

export const description =
  'trains the embedded base with this project’s own recipe and measures it before and after fine-tuning';
/** `install=1` puts the base into the package; stages that are done already are not repeated. */
export const settings = { seed: 0, threads: 2, install: 0 };

const world = pocket.createWorld();
const assets = fileURLToPath(new URL('../../packages/posttrain/assets/pocket/', import.meta.url));

export async function run({ settings: { seed, threads, install }, log: note }) {
  const work = join(tmpdir(), `posttrain-pocket-base-${seed}`);
  mkdirSync(work, { recursive: true });
  let folder = join(work, 'init');
  if (!existsSync(join(folder, 'model.safetensors'))) writeInitialModel(folder, seed);
  const stages = [];
  for (const stage of pocket.baseCurriculum) {
    const done = await trainStage(stage, folder, { work, seed, threads }, note);
    folder = done.checkpoint;
    stages.push({
      stage: stage.name,
      steps: stage.steps,
      batch: stage.batch,
      loss: done.loss,
      tokens: done.tokens,
      seconds: done.seconds,
    });
  }
  note('measuring the base');
  const base = await measure(folder, threads);
  note('fine-tuning it as the quickstart does');
  const tuned = await fineTune(folder, work, seed, threads, note);
  const after = await measure(tuned, threads);
  if (install) installBase(folder);
  return {
    ok: base.cloze.share >= 0.95 && after.grounded.share >= 0.9 && after.closed.share >= 0.95,
    ours: { seed, parameters: 913_792, stages, base, tuned: after },
    peers: null,
    bound: null,
    ratio: null,
  };
}

async function measure(folder, threads) {
  const model = await loadModel(folder, { threads });
  try {
    return { ...(await measureBase(model)), ...(await measureAnswers(model)) };
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

/** What the base knows without any question format: stored facts by cloze, and notes it reads and cites. */
async function measureBase(model) {
  const facts = world.stored.flatMap((person) =>
    Object.entries(person.facts).map(([attribute, value]) => ({ prompt: `<bos> ${person.name} ${attribute}`, value })),
  );
  const cloze = await model.generate(
    facts.map(({ prompt }) => prompt),
    { maxTokens: 1, temperature: 0 },
  );
  return { cloze: share(cloze.map(({ text }, i) => text.trim() === facts[i].value)) };
}

/** Greedy answers to every test item, strictly scored. */
async function measureAnswers(model) {
  const results = {};
  const format = [];
  for (const [label, task, options] of measured) {
    const items = pocket.testItems(task, 'test', options);
    const answers = await model.generate(
      items.map(({ messages }) => [messages[0]]),
      { maxTokens: 16, temperature: 0 },
    );
    const scores = items.map(({ gold }, i) =>
      scorePocketAnswer({ text: answers[i].text, ended: answers[i].finish === 'stop' }, gold),
    );
    results[label] = share(scores.map(({ exact }) => exact));
    if (!options) format.push(...scores.map(({ format: good }) => good));
  }
  return { format: share(format), ...results };
}

const measured = [
  ['closed', 'closed'],
  ['closed-held-out', 'closed-held-out'],
  ['grounded', 'grounded'],
  ['conflict', 'conflict'],
  ['unanswerable', 'unanswerable'],
  ['grounded, held-out wording', 'grounded', { wording: 'held-out' }],
  ['grounded, reversed wording', 'grounded', { wording: 'reversed' }],
  ['grounded, names never seen as entities', 'grounded', { names: 'never' }],
];

async function fineTune(model, work, seed, threads, note) {
  const { recipe } = await loadRecipe(join(assets, 'quickstart.yaml'));
  const rows = join(work, 'sft.jsonl');
  const made = pocket.sftRows(recipe.batch * recipe.steps, seed);
  writeFileSync(rows, made.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const tuned = { ...recipe, model, data: { ...recipe.data, train: rows }, seed, threads };
  const { checkpoint } = await follow(train(tuned, { dir: join(work, 'sft'), resume: true }), 'sft', note);
  return checkpoint;
}

function installBase(folder) {
  const target = join(assets, 'base');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  for (const file of [
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
    'generation_config.json',
  ])
    if (existsSync(join(folder, file))) writeFileSync(join(target, file), readFileSync(join(folder, file)));
}

function share(hits) {
  const k = hits.filter(Boolean).length;
  const { low, high } = wilsonInterval(k, hits.length);
  return { share: k / hits.length, k, n: hits.length, low, high };
}

// The stages in which models of the pocket world learn to read before they are asked anything: the embedded base, and smaller ones.
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { train } from 'posttrain';
import { pocket } from 'posttrain/data';
import { loadCausalLm, saveModelFolder } from 'posttrain/models';
import { readMetrics } from 'posttrain/runs';
import { noGrad } from 'posttrain/tensor';

const world = pocket.createWorld();
const assets = fileURLToPath(new URL('../packages/posttrain/assets/pocket/', import.meta.url));

/**
 * A folder of the pocket model with fresh weights: embeddings wider than the matrices, see pocketInit.
 * @param shape keys of config.json that differ from the embedded model's
 */
export function writeInitialModel(folder, seed, shape = {}) {
  const shapeFolder = join(folder, '..', 'shape');
  cpSync(join(assets, 'tokenizer'), shapeFolder, { recursive: true });
  const config = { ...pocket.pocketModelConfig(world), ...shape };
  writeFileSync(join(shapeFolder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  const { model } = loadCausalLm(shapeFolder, { init: 'random', seed });
  const weights = new Map(model.namedParameters());
  const { embedding, linear } = pocket.pocketInit;
  noGrad(() => weights.get('model.embed_tokens.weight').mul_(embedding / linear));
  saveModelFolder(folder, shapeFolder, weights);
  model[Symbol.dispose]();
}

/** One stage of the curriculum as an ordinary run below `work`; what is done already is not repeated. */
export async function trainStage(stage, model, { work, seed, threads }, note) {
  const dir = join(work, stage.name);
  const rows = join(work, `${stage.name}.jsonl`);
  if (!existsSync(rows)) {
    const lines = [];
    for (const row of pocket.stageRows(world, stage, seed)) lines.push(JSON.stringify(row));
    writeFileSync(rows, `${lines.join('\n')}\n`);
  }
  const { optimizer, lr, warmupSteps: warmup, clip } = pocket.baseOptimizer;
  const schedule =
    stage.hold === 1 ? { kind: 'constant', warmup } : { kind: 'linear', warmup, hold: stage.hold, floor: stage.floor };
  const recipe = {
    method: 'pretrain',
    model,
    data: { train: rows, shuffle: false, packing: false },
    batch: stage.batch,
    microBatch: stage.batch,
    steps: stage.steps,
    lr,
    schedule,
    optimizer,
    clip,
    precision: 'fp32',
    forgetting: false,
    seed,
    every: { checkpoint: 200, keep: 1 },
    threads,
  };
  return follow(train(recipe, { dir, resume: true }), stage.name, note);
}

/** The mean loss of the last fifty steps, and what the run cost: from its folder, which also knows what was done before. */
export async function follow(run, label, note) {
  for await (const event of run)
    if (event.type === 'step' && event.step % 50 === 0)
      note(
        `${label} ${event.step}/${event.steps} loss ${event.loss.toFixed(3)} ${Math.round(event.tokensPerSecond)} tok/s`,
      );
  const { checkpoint } = await run.result;
  const { steps } = readMetrics(run.dir);
  const total = (key) => steps.reduce((sum, step) => sum + step[key], 0);
  return {
    checkpoint,
    loss: mean(steps.slice(-50).map(({ loss }) => loss)),
    tokens: total('tokens'),
    seconds: Math.round(total('seconds')),
  };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

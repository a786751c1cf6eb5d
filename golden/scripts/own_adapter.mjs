// Writes adapter folders as this package writes them: lora/ours, for lora.py to open with PEFT, and preference/lora-start, the adapter as `lora: { rank: 4 }`
// with seed 5 draws it, for preference_trajectories.py to begin with:
//   npm run -s build && node golden/scripts/own_adapter.mjs
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCausalLm } from '../../packages/posttrain/dist/models/load.js';
import { writeAdapterFiles } from '../../packages/posttrain/dist/models/lora/adapter-folder.js';
import { attachAdapters, trainedParameters } from '../../packages/posttrain/dist/models/lora/adapters.js';
import { adaptedModel, ownSettings } from '../../packages/posttrain/dist/testing/adapted-model.js';

const golden = fileURLToPath(new URL('..', import.meta.url));
const out = process.env.GOLDEN_OUT ?? golden;
const base = join(golden, 'models', 'tiny-bpe');

function write(name, model, settings, weights) {
  const target = join(out, name);
  mkdirSync(target, { recursive: true });
  writeAdapterFiles(target, model, { settings, base: 'models/tiny-bpe', weights });
  model[Symbol.dispose]();
}

const adapted = adaptedModel(base);
write('lora/ours', adapted, ownSettings, new Map(adapted.namedParameters()));

const start = { rank: 4, alpha: 8, targets: 'all-linear', dropout: 0, rankStabilized: false };
const { model } = loadCausalLm(base);
attachAdapters(model, start, 5);
write('preference/lora-start', model, start, new Map(trainedParameters(model)));

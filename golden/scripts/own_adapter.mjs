// Writes lora/ours, an adapter folder as this package writes one, for lora.py to open with PEFT:
//   npm run -s build && node golden/scripts/own_adapter.mjs
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAdapterFiles } from '../../packages/posttrain/dist/models/lora/adapter-folder.js';
import { adaptedModel, ownSettings } from '../../packages/posttrain/dist/testing/adapted-model.js';

const golden = fileURLToPath(new URL('..', import.meta.url));
const target = join(process.env.GOLDEN_OUT ?? golden, 'lora', 'ours');
const model = adaptedModel(join(golden, 'models', 'tiny-bpe'));
mkdirSync(target, { recursive: true });
writeAdapterFiles(target, model, {
  settings: ownSettings,
  base: 'models/tiny-bpe',
  weights: new Map(model.namedParameters()),
});
model[Symbol.dispose]();

import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCausalLm, saveModelFolder } from '../../models/index.ts';
import { changeJson, changeWeights, refuses, type Scene, scene, succeed } from '../../testing/provoke.ts';

const file = (at: Scene) => join(at.model, 'model.safetensors');

const notWhole = (what: string, help = 'copy or download the file again.') =>
  `weights-invalid: ROOT/model/model.safetensors is not a whole safetensors file: ${what}.
  in ROOT/model/model.safetensors
  help: ${help}`;

/** The fixture has 388,720 bytes: 8 of length, 3,496 of header, then the tensors. */
for (const [where, bytes, what] of [
  ['before the first byte', 0, 'it has 0 bytes, and the length of the header alone takes 8'],
  ['in the length', 5, 'it has 5 bytes, and the length of the header alone takes 8'],
  ['after the length', 8, 'its header claims 3496 bytes, the file has 8'],
  ['in the header', 300, 'its header claims 3496 bytes, the file has 300'],
  ['after the header', 3504, 'tensor "lm_head.weight" ends at byte 101808, the file has 3504; it was cut off'],
  [
    'in the data',
    200_000,
    'tensor "model.embed_tokens.weight" ends at byte 200112, the file has 200000; it was cut off',
  ],
  [
    'before the last byte',
    388_719,
    'tensor "model.norm.weight" ends at byte 388720, the file has 388719; it was cut off',
  ],
] as const)
  refuses(`weights cut off ${where}`, (at) => truncateSync(file(at), bytes), notWhole(what));

const overwrite = (start: number, bytes: Uint8Array) => (at: Scene) => {
  const all = readFileSync(file(at));
  all.set(bytes, start);
  writeFileSync(file(at), all);
};

refuses(
  'a length beyond every file',
  overwrite(0, Buffer.alloc(8, 0xff)),
  notWhole('its header claims 18446744073709551615 bytes; the format allows 100000000'),
);
refuses('a header that is not JSON', overwrite(8, Buffer.from('    ')), notWhole('its header is not JSON'));
refuses(
  'a header that is a list',
  overwrite(8, Buffer.from('[]'.padEnd(3496))),
  notWhole('its header is not a JSON object'),
);
refuses(
  'a git-lfs pointer in place of the weights',
  (at) => writeFileSync(file(at), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 388720\n'),
  notWhole('it is a git-lfs pointer to the file', 'fetch the file itself: git lfs pull.'),
);
refuses(
  'an error page in place of the weights',
  (at) => writeFileSync(file(at), '<!DOCTYPE html><html>Not found</html>'),
  notWhole('its header claims 5789751444030890300 bytes; the format allows 100000000'),
);
refuses(
  'a folder in place of the weights',
  (at) => {
    rmSync(file(at));
    mkdirSync(file(at));
  },
  notWhole('it is a folder'),
);

const doNotFit = (...problems: string[]) => `weights-invalid: the weights do not fit config.json:
${problems.map((problem) => `  ${problem}\n`).join('')}  in ROOT/model
  help: config.json and the safetensors files must come from the same checkpoint.`;

refuses(
  'a tensor of another shape',
  (at) =>
    changeWeights(at, (weights) =>
      weights.set('model.norm.weight', weights.get('model.norm.weight')!.narrow(0, 0, 40).clone()),
    ),
  doNotFit('other shape model.norm.weight [40] in the file, [48] by config.json'),
);

refuses(
  'a key too few and one too many',
  (at) =>
    changeWeights(at, (weights) => {
      weights.set('model.layers.1.mlp.upProj.weight', weights.get('model.layers.1.mlp.up_proj.weight')!);
      weights.delete('model.layers.1.mlp.up_proj.weight');
    }),
  doNotFit('missing     model.layers.1.mlp.up_proj.weight [96, 48]', 'unexpected  model.layers.1.mlp.upProj.weight'),
);

refuses(
  'the config of a larger model: the first twelve problems and their number',
  (at) => changeJson(join(at.model, 'config.json'), { num_hidden_layers: 3, intermediate_size: 100 }),
  doNotFit(
    ...[0, 1].flatMap((layer) => [
      `other shape model.layers.${layer}.mlp.gate_proj.weight [96, 48] in the file, [100, 48] by config.json`,
      `other shape model.layers.${layer}.mlp.gate_proj.bias [96] in the file, [100] by config.json`,
      `other shape model.layers.${layer}.mlp.up_proj.weight [96, 48] in the file, [100, 48] by config.json`,
      `other shape model.layers.${layer}.mlp.up_proj.bias [96] in the file, [100] by config.json`,
      `other shape model.layers.${layer}.mlp.down_proj.weight [48, 96] in the file, [48, 100] by config.json`,
    ]),
    'missing     model.layers.2.input_layernorm.weight [48]',
    'missing     model.layers.2.self_attn.q_proj.weight [64, 48]',
    // A third block has 16 tensors: two norms, and weight and bias of seven projections.
    '… and 14 more',
  ),
);

/** Rewrites the model in four shards. */
function intoShards(at: Scene): string[] {
  const whole = `${at.model}-whole`;
  renameSync(at.model, whole);
  const { model } = loadCausalLm(whole);
  saveModelFolder(at.model, whole, new Map(model.namedParameters()), { shardBytes: 120_000 });
  model[Symbol.dispose]();
  rmSync(whole, { recursive: true });
  return readdirSync(at.model).filter((name) => name.includes('-of-'));
}

const index = (edit: (text: string) => string) => (at: Scene) => {
  intoShards(at);
  const path = join(at.model, 'model.safetensors.index.json');
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
};

test('a model in shards trains as it does in one file', async () => {
  using at = scene();
  const losses = async (dir: string) =>
    (await succeed({ ...at, dir: join(at.root, dir) })).flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  const whole = await losses('whole');
  assert.equal(intoShards(at).length, 4);
  assert.ok(statSync(join(at.model, 'model-00002-of-00004.safetensors')).size > 0);
  assert.deepEqual(await losses('shards'), whole);
});

refuses(
  'shards that are missing',
  (at) => {
    const shards = intoShards(at);
    for (const name of shards.slice(1, 3)) rmSync(join(at.model, name));
  },
  `weights-invalid: 2 of 4 shards are missing: model-00002-of-00004.safetensors, model-00003-of-00004.safetensors.
  in ROOT/model/model.safetensors.index.json
  help: download what is missing, or the model again.`,
);

refuses(
  'a shard outside the folder',
  index((text) => text.replace('"model-00002-of', '"../model-00002-of')),
  `model-invalid: the index names "../model-00002-of-00004.safetensors", which is not a safetensors file of this folder.
  in ROOT/model/model.safetensors.index.json`,
);

refuses(
  'an index that names a pickle',
  index((text) => text.replace('model-00002-of-00004.safetensors', 'model-00002-of-00004.bin')),
  `model-invalid: the index names "model-00002-of-00004.bin", which is not a safetensors file of this folder.
  in ROOT/model/model.safetensors.index.json`,
);

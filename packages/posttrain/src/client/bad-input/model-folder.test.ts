import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changeJson, listing, provoke, refuses, scene, show } from '../../testing/provoke.ts';
import { loadModel } from '../model.ts';

test('a model folder that is not there', async () => {
  using at = scene();
  rmSync(at.model, { recursive: true });
  process.env['HF_HUB_CACHE'] = join(at.root, 'hub');
  const help =
    '  help: give a folder with config.json and model.safetensors, "pocket" for the embedded model, or the id of a model in the Hugging Face cache (ROOT/hub).';
  assert.equal(await provoke(at), `file-missing: there is no model at ROOT/model.\n  in ROOT/model\n${help}`);
  assert.equal(
    await provoke(at, { model: 'nobody/nothing' }),
    `file-missing: there is no model at nobody/nothing.\n  in nobody/nothing\n${help}`,
  );
});

refuses(
  'a file in place of a model folder',
  (at) => ({ model: join(at.model, 'config.json') }),
  `model-invalid: ROOT/model/config.json is a file; a model is a folder with config.json and model.safetensors.
  in ROOT/model/config.json`,
);

refuses(
  'a folder without config.json',
  (at) => rmSync(join(at.model, 'config.json')),
  `model-invalid: ROOT/model has no config.json, so it is not a model folder.
  in ROOT/model/config.json
  help: a model folder holds config.json, model.safetensors and tokenizer.json, as the Hugging Face Hub serves them.`,
);

refuses(
  'a config.json that was cut off',
  (at) => writeFileSync(join(at.model, 'config.json'), '{"model_type":'),
  `model-invalid: ROOT/model/config.json cannot be read as JSON: Unexpected end of JSON input
  in ROOT/model/config.json
  help: download the file again, or restore it from where the model came from.`,
);

for (const text of ['null', '[1, 2]', '"llama"'])
  refuses(
    `a config.json that holds ${text}`,
    (at) => writeFileSync(join(at.model, 'config.json'), text),
    `model-invalid: ROOT/model/config.json does not hold a JSON object.
  in ROOT/model/config.json
  help: download the file again, or restore it from where the model came from.`,
  );

refuses(
  'a folder without weights',
  (at) => rmSync(join(at.model, 'model.safetensors')),
  `model-invalid: ROOT/model has no model.safetensors.
  in ROOT/model/model.safetensors
  help: save the model with save_pretrained(…) of a recent transformers, which writes safetensors.`,
);

const conversion = `  help: convert it where you trust it: python3 -c "from transformers import AutoModelForCausalLM as M; M.from_pretrained('FOLDER').save_pretrained('OUT')"`;

refuses(
  'a folder whose only weights are a pickle',
  (at) => renameSync(join(at.model, 'model.safetensors'), join(at.model, 'pytorch_model.bin')),
  `pickle-refused: ROOT/model/pytorch_model.bin is a pickle, and opening a pickle runs code from it; it is not read.
  in ROOT/model/pytorch_model.bin
${conversion}`,
);

refuses(
  'a pickle in place of a model folder',
  (at) => {
    writeFileSync(join(at.root, 'model.pt'), 'x');
    return { model: join(at.root, 'model.pt') };
  },
  `pickle-refused: ROOT/model.pt is a pickle, and opening a pickle runs code from it; it is not read.
  in ROOT/model.pt
${conversion}`,
);

refuses(
  'a folder without a tokenizer',
  (at) => rmSync(join(at.model, 'tokenizer.json')),
  `tokenizer-invalid: ROOT/model has no tokenizer.json
  in ROOT/model
  help: a model folder holds tokenizer.json beside config.json; download it from where the model came from.`,
);

refuses(
  'a folder with an older kind of tokenizer alone',
  (at) => renameSync(join(at.model, 'tokenizer.json'), join(at.model, 'tokenizer.model')),
  `tokenizer-invalid: ROOT/model has no tokenizer.json
  in ROOT/model
  help: it has tokenizer.model, an older form. Convert it once, in Python:
          from transformers import AutoTokenizer
          AutoTokenizer.from_pretrained("ROOT/model").save_pretrained("ROOT/model")`,
);

refuses(
  'a tokenizer.json that was cut off',
  (at) => truncateSync(join(at.model, 'tokenizer.json'), 1000),
  // Newer Nodes add line and column.
  /^tokenizer-invalid: ROOT\/model\/tokenizer\.json cannot be used: Unterminated string in JSON at position 1000.*\n {2}in ROOT\/model\/tokenizer\.json\n {2}help: download the file again, or restore it from where the model came from; a git-lfs pointer is not the file\.$/,
);

refuses(
  'a tokenizer.json of an unknown kind',
  (at) => changeJson(join(at.model, 'tokenizer.json'), { model: { type: 'Trie', vocab: {} } }),
  /^tokenizer-invalid: ROOT\/model\/tokenizer\.json cannot be used: .*ModelUntagged.*\n {2}in ROOT\/model\/tokenizer\.json\n/,
);

refuses(
  'a tokenizer_config.json that was cut off',
  (at) => truncateSync(join(at.model, 'tokenizer_config.json'), 100),
  /^tokenizer-invalid: ROOT\/model\/tokenizer_config\.json is not valid JSON: Unterminated string in JSON at position 100.*\n {2}in ROOT\/model\/tokenizer_config\.json\n {2}help: download the file again, or restore it from where the model came from\.$/,
);

test('through the engine the same words arrive, and nothing is left behind', async () => {
  using at = scene();
  rmSync(join(at.model, 'tokenizer.json'));
  const here = await provoke(at);
  assert.equal(await provoke(at, {}, { engine: true }), here);
});

test('loadModel refuses in the same words', async () => {
  using at = scene();
  const refusal = () =>
    loadModel(at.model).then(
      () => assert.fail('it was loaded'),
      (thrown: unknown) => show(thrown, at),
    );
  renameSync(join(at.model, 'model.safetensors'), join(at.model, 'pytorch_model.bin'));
  const before = listing(at.root);
  assert.match(await refusal(), /^pickle-refused: ROOT\/model\/pytorch_model\.bin is a pickle/);
  assert.deepEqual(listing(at.root), before);
  rmSync(at.model, { recursive: true });
  mkdirSync(at.model);
  assert.match(await refusal(), /^model-invalid: ROOT\/model has no config\.json/);
});

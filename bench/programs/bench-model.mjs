// Models and rows that benches train on, made in a folder of their own: shapes as published, weights and tokens from a seed.
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCausalLm } from 'posttrain/models';
import { noGrad, rand, scope, setThreads, tensor, writeSafetensors } from 'posttrain/tensor';
import { Random } from '../../packages/posttrain/dist/support/random.js';

const pocket = fileURLToPath(new URL('../../packages/posttrain/assets/pocket/base/', import.meta.url));

/** SmolLM2-135M's shape. */
export const shape135m = {
  vocab_size: 49152,
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
};

/** A Hugging Face folder with fresh weights. The tokenizer is the pocket one: rows come as token ids. */
export function makeModel(shape) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-bench-'));
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    ...shape,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    pad_token_id: 0,
    bos_token_id: 1,
    eos_token_id: 4,
    torch_dtype: 'float32',
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(pocket, file), join(folder, file));
  const { model } = loadCausalLm(folder, { init: 'random', seed: 0 });
  writeSafetensors(join(folder, 'model.safetensors'), new Map(model.namedParameters()), { format: 'pt' });
  model[Symbol.dispose]();
  return folder;
}

/** `count` rows of token ids with lengths between `shortest` and `longest`, as JSON lines in `folder`. @returns its path */
export function makeRows(folder, name, { count, shortest, longest, vocabulary }) {
  const random = Random.of(1, name);
  const rows = Array.from({ length: count }, () => {
    const length = shortest + random.int(longest - shortest + 1);
    return JSON.stringify({ input_ids: Array.from({ length }, () => 8 + random.int(vocabulary - 8)) });
  });
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
}

/** `count` prompts of `length` token ids each, as JSON lines in `folder`. @returns its path */
export function makePrompts(folder, name, { count, length, vocabulary }) {
  const random = Random.of(1, name);
  const ids = () => Array.from({ length }, () => 8 + random.int(vocabulary - 8));
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, Array.from({ length: count }, () => `${JSON.stringify({ prompt_ids: ids() })}\n`).join(''));
  return path;
}

/** `count` pairs of token ids, both answers and their prompt of `half` tokens each, as JSON lines in `folder`. @returns its path */
export function makePairs(folder, name, { count, half, vocabulary }) {
  const random = Random.of(1, name);
  const ids = () => Array.from({ length: half }, () => 8 + random.int(vocabulary - 8));
  const pairs = Array.from({ length: count }, () => {
    return JSON.stringify({ prompt_ids: ids(), chosen_ids: ids(), rejected_ids: ids() });
  });
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, `${pairs.join('\n')}\n`);
  return path;
}

/**
 * Multiplications and additions of one training step's matrix products: for each weight and token 2 forwards and 4
 * backwards, or 2 backwards where the weight is frozen (`passes` 4). `headShare` of the tokens meet the vocabulary.
 */
export function stepFlops(shape, tokens, passes = 6, headShare = 1) {
  const { hidden_size: d, intermediate_size: f, num_attention_heads: h, num_key_value_heads: k } = shape;
  const block = (d * (d * (h + 2 * k))) / h + d * d + 3 * d * f;
  return passes * tokens * (shape.num_hidden_layers * block + headShare * shape.vocab_size * d);
}

/** The best rate of bf16 products over the step's own shapes, forwards and both ways back, in FLOP/s. */
export function bestMatmulRate(shape, tokens, threads, rounds = 3) {
  setThreads(threads);
  const { hidden_size: d, intermediate_size: f, num_attention_heads: h, num_key_value_heads: k } = shape;
  const sizes = [
    [d, (d * (h + 2 * k)) / h],
    [d, d],
    [d, 2 * f],
    [f, d],
    [d, shape.vocab_size],
  ];
  let best = 0;
  for (const [inputs, outputs] of sizes)
    scope(() => {
      const fill = (rows, columns) =>
        tensor(new Float32Array(rows * columns).fill(0.01), { shape: [rows, columns] }).toDtype('bfloat16');
      const [x, w, g] = [fill(tokens, inputs), fill(outputs, inputs), fill(tokens, outputs)];
      for (const product of [() => x.mm(w.t()), () => g.mm(w), () => g.t().mm(x)])
        for (let round = 0; round <= rounds; round++) {
          const begun = process.hrtime.bigint();
          scope(() => void product());
          const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
          if (round > 0) best = Math.max(best, (2 * tokens * inputs * outputs) / seconds);
        }
    });
  return best;
}

/** Bytes a second of reading memory that no cache holds. */
export function readingRate(rounds = 5) {
  return scope(() =>
    noGrad(() => {
      const much = rand([64 << 20]);
      let least = Infinity;
      for (let round = 0; round < rounds; round++) {
        const begun = performance.now();
        much.sumAll().dispose();
        least = Math.min(least, (performance.now() - begun) / 1000);
      }
      return (4 * (64 << 20)) / least;
    }),
  );
}

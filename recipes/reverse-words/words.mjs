// The task of this study: words come in one order, and are to be said in the other. All of it is made here: vocabulary, model, rows, reward.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pocket } from 'posttrain/data';
import { loadCausalLm, saveModelFolder } from 'posttrain/models';

const specials = ['<pad>', '<bos>', '<user>', '<assistant>', '<end>', '<unk>'];
const words =
  'alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu'.split(
    ' ',
  );
const [fewest, most] = [3, 6];
/** Room for the longest answer and its end, and a word too many. */
export const answerTokens = most + 2;

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: specials.length + words.length,
  hidden_size: 64,
  intermediate_size: 176,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  head_dim: 16,
  hidden_act: 'silu',
  max_position_embeddings: 32,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: true,
  initializer_range: 0.1,
  bos_token_id: specials.indexOf('<bos>'),
  eos_token_id: specials.indexOf('<end>'),
  pad_token_id: specials.indexOf('<pad>'),
  torch_dtype: 'float32',
};

/** A model folder with random weights and a tokenizer of one token a word. */
export function writeFreshModel(folder, seed) {
  const shape = join(folder, '..', 'shape');
  mkdirSync(shape, { recursive: true });
  const files = {
    'config.json': `${JSON.stringify(config, null, 2)}\n`,
    ...pocket.tokenizerFiles({ vocabulary: [...specials, ...words] }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(shape, name), text);
  const { model } = loadCausalLm(shape, { init: 'random', seed });
  saveModelFolder(folder, shape, new Map(model.namedParameters()));
  model[Symbol.dispose]();
}

/** Prompts by split, none in two of them; each of 3 to 6 different words. */
export function promptsOf(counts) {
  const seen = new Set();
  const random = generator(20);
  return Object.fromEntries(
    Object.entries(counts).map(([split, count]) => {
      const made = [];
      while (made.length < count) {
        const prompt = draw(random);
        if (seen.has(prompt)) continue;
        seen.add(prompt);
        made.push(prompt);
      }
      return [split, made];
    }),
  );
}

export const reversed = (prompt) => prompt.split(' ').reverse().join(' ');

/** Words in common with the reversed prompt, in order, over the longer of both: 1 for the right answer alone. */
export function reward(prompt, answer) {
  const [given, right] = [answer.split(/\s+/).filter(Boolean), reversed(prompt).split(' ')];
  return commonLength(given, right) / Math.max(given.length, right.length);
}

/** Length of the longest common subsequence. */
function commonLength(a, b) {
  let row = new Array(b.length + 1).fill(0);
  for (const word of a) {
    const next = [0];
    for (const [j, other] of b.entries()) next.push(word === other ? row[j] + 1 : Math.max(row[j + 1], next[j]));
    row = next;
  }
  return row.at(-1);
}

function draw(random) {
  const left = [...words];
  const length = fewest + random(most - fewest + 1);
  return Array.from({ length }, () => left.splice(random(left.length), 1)[0]).join(' ');
}

/** Whole numbers below a limit, from Marsaglia's xorshift. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

// A byte-level BPE of 4,096 tokens, learnt from the books. The library learns 30,000 merges; merges are found greedily, so the
// first of them are those of a smaller vocabulary.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BPE,
  byteLevelAlphabet,
  byteLevelPreTokenizer,
  digitsPreTokenizer,
  sequencePreTokenizer,
  Tokenizer,
} from 'tokenizers';

export const vocabularySize = 4096;
export const contextLength = 1024;
export const specialTokens = [
  '<|pad|>',
  '<|bos|>',
  '<|end|>',
  '<|system|>',
  '<|user|>',
  '<|assistant|>',
  '<|tool|>',
  '<|source|>',
];
const [pad, bos, end, system, user, assistant, tool] = specialTokens;

/** `<|bos|>`, then turns: a role's token, the text, `<|end|>`. */
const chatTemplate = [
  `{{- '${bos}' -}}`,
  '{%- for message in messages -%}',
  "{%- if message['role'] == 'assistant' -%}",
  `{{- '${assistant}' -}}`,
  '{%- generation -%}',
  `{{- message['content'] + '${end}' -}}`,
  '{%- endgeneration -%}',
  "{%- elif message['role'] == 'user' -%}",
  `{{- '${user}' + message['content'] + '${end}' -}}`,
  "{%- elif message['role'] == 'system' -%}",
  `{{- '${system}' + message['content'] + '${end}' -}}`,
  "{%- elif message['role'] == 'tool' -%}",
  `{{- '${tool}' + message['content'] + '${end}' -}}`,
  '{%- else -%}',
  "{{- raise_exception('messages are of system, user, assistant or tool, not ' + message['role'] + '.') -}}",
  '{%- endif -%}',
  '{%- endfor -%}',
  `{%- if add_generation_prompt -%}{{- '${assistant}' -}}{%- endif -%}`,
].join('\n');

/** @param {readonly { text: string }[]} rows @returns {Record<string, string>} the files of a Hugging Face folder */
export function tokenizerFiles(rows) {
  const trained = learnMerges(rows);
  const merges = trained.model.merges.slice(0, vocabularySize - specialTokens.length - 256);
  // Every byte has a token, also those that no book contains: nothing is ever unknown.
  const tokens = [...specialTokens, ...byteLevelAlphabet().sort(), ...merges.map(([left, right]) => left + right)];
  const tokenizer = {
    ...trained,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: bos, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 0 } },
      ],
      special_tokens: { [bos]: { id: bos, ids: [specialTokens.indexOf(bos)], tokens: [bos] } },
    },
    model: { ...trained.model, merges, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: contextLength,
    bos_token: bos,
    eos_token: end,
    pad_token: pad,
    additional_special_tokens: specialTokens.slice(3),
    clean_up_tokenization_spaces: false,
    chat_template: chatTemplate,
  };
  return { 'tokenizer.json': toJson(tokenizer), 'tokenizer_config.json': toJson(config) };
}

function learnMerges(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-english-'));
  try {
    const [text, saved] = [join(folder, 'books.txt'), join(folder, 'tokenizer.json')];
    writeFileSync(text, rows.map((row) => row.text).join('\n\n'));
    const tokenizer = new Tokenizer(BPE.empty());
    tokenizer.setPreTokenizer(sequencePreTokenizer([digitsPreTokenizer(true), byteLevelPreTokenizer(false)]));
    tokenizer.train([text]);
    tokenizer.save(saved);
    return JSON.parse(readFileSync(saved, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toJson(value) {
  return `${JSON.stringify(value, null, 1)}\n`;
}

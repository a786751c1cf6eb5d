import { specialTokens } from './words.ts';
import type { PocketWorld } from './world.ts';

const [pad, bos, user, assistant, end, unknown] = specialTokens;

/** One `<bos>`, then turns; one space between any two tokens. */
export const pocketChatTemplate = [
  `{{- '${bos}' -}}`,
  '{%- for message in messages -%}',
  "{%- if message['role'] == 'user' -%}",
  `{{- ' ${user} ' + message['content'] -}}`,
  "{%- elif message['role'] == 'assistant' -%}",
  // The span that is learnt begins with a word: transformers finds no token at a space and would learn nothing.
  `{{- ' ${assistant} ' -}}`,
  '{%- generation -%}',
  `{{- message['content'] + ' ${end}' -}}`,
  '{%- endgeneration -%}',
  '{%- else -%}',
  "{{- raise_exception('The pocket model knows user and assistant messages only, not ' + message['role'] + '.') -}}",
  '{%- endif -%}',
  '{%- endfor -%}',
  `{%- if add_generation_prompt -%}{{- ' ${assistant}' -}}{%- endif -%}`,
].join('\n');

/**
 * The tokenizer of a world as the files of a Hugging Face folder: one token per word, split at white space,
 * ids in the order of the vocabulary.
 */
export function tokenizerFiles(world: PocketWorld): Record<'tokenizer.json' | 'tokenizer_config.json', string> {
  const ids = new Map(world.vocabulary.map((word, id) => [word, id]));
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content) => ({
      id: ids.get(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(ids), unk_token: unknown },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: pocketContext,
    bos_token: bos,
    eos_token: end,
    pad_token: pad,
    unk_token: unknown,
    additional_special_tokens: [user, assistant],
    clean_up_tokenization_spaces: false,
    chat_template: pocketChatTemplate,
  };
  return { 'tokenizer.json': toJson(tokenizer), 'tokenizer_config.json': toJson(config) };
}

/** The longest sequence the pocket model is built for, in tokens. */
export const pocketContext = 512;

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

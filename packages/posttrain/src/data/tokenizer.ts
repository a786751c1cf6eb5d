import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { type AddedToken, findControlTokens } from './control-strings.ts';
import { Encoded } from './encoded.ts';
import { GuardedEncoder } from './guarded-encoder.ts';
import { isObject } from './messages.ts';
import { buildNativeTokenizer, type NativeTokenizer } from './native-tokenizer.ts';
import { StreamDecoder } from './stream-decoder.ts';
import {
  readSettings,
  readTokenizerFiles,
  type TemplateSource,
  TOKENIZER_FILES,
  type TokenRole,
} from './tokenizer-files.ts';

export interface EncodeOptions {
  /** Whether the tokenizer's own frame is added (a beginning token, for many); control strings in the text count either way. */
  readonly specialTokens: boolean;
}

/** One special token by its two names. */
export interface SpecialToken {
  readonly id: number;
  readonly token: string;
}

/** A Hugging Face tokenizer: tokenizer.json and the files beside it, run by the same native code as in Python. */
export class Tokenizer {
  /** Ids are below this: the vocabulary with its added tokens. A model's embedding may have more rows. */
  readonly vocabSize: number;
  readonly bos: SpecialToken | undefined;
  readonly eos: SpecialToken | undefined;
  readonly pad: SpecialToken | undefined;
  readonly unk: SpecialToken | undefined;
  /**
   * What stands before a text that begins with nothing: `bos`, else `eos`, as the tokenizer's own files name them. Ids of the model's
   * configuration only fill in where those name neither.
   */
  readonly textStart: SpecialToken | undefined;
  /** Every id that ends a generation: `eos`, and those that generation_config.json adds. */
  readonly stopIds: readonly number[];
  /** Ids that decoding leaves out unless asked: the added tokens marked special. */
  readonly specialIds: ReadonlySet<number>;
  readonly addedTokens: readonly AddedToken[];
  readonly chatTemplate: TemplateSource | undefined;
  readonly #native: NativeTokenizer;
  readonly #json: string;
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #decode: (tokens: string[]) => string;
  readonly #tokens: (string | null)[] = [];

  private constructor(files: ReadonlyMap<string, Buffer>, folder: string) {
    const { json, added } = parseTokenizerJson(files.get('tokenizer.json')!, join(folder, 'tokenizer.json'));
    this.#files = files;
    this.#json = json;
    this.#native = build(json, join(folder, 'tokenizer.json'));
    this.addedTokens = added;
    this.specialIds = new Set(added.filter(({ special }) => special).map(({ id }) => id));
    this.vocabSize = this.#native.getVocabSize(true);
    const decoder = this.#native.getDecoder();
    this.#decode = (tokens) => (decoder ? decoder.decode(tokens) : tokens.join(' '));
    const settings = readSettings(files, folder);
    const special = (role: TokenRole) => this.#special(settings.tokens[role], settings.ids[role]);
    this.bos = special('bos');
    this.eos = special('eos');
    this.pad = special('pad');
    this.unk = special('unk');
    const named = (role: TokenRole) => this.#special(settings.tokens[role], undefined);
    this.textStart = named('bos') ?? named('eos') ?? this.bos ?? this.eos;
    const listed = settings.ids.eos ?? [];
    this.stopIds = [...new Set([...(this.eos ? [this.eos.id] : []), ...listed])];
    this.chatTemplate = settings.template;
  }

  /**
   * Loads the tokenizer of a model folder.
   * @throws tokenizer-invalid where tokenizer.json is missing or broken
   */
  static async load(folder: string): Promise<Tokenizer> {
    return new Tokenizer(await readTokenizerFiles(folder), folder);
  }

  /** Builds one from file contents by name (`tokenizer.json` at least), as a checkpoint or a generator holds them. */
  static fromFiles(files: Readonly<Record<string, string | Buffer>>, name = 'tokenizer'): Tokenizer {
    const buffers = Object.entries(files).map(([file, content]) => [file, Buffer.from(content)] as const);
    if (!Object.hasOwn(files, 'tokenizer.json')) {
      throw new PosttrainError('tokenizer-invalid', `${name} has no tokenizer.json`);
    }
    return new Tokenizer(new Map(buffers), name);
  }

  async encode(text: string, options: EncodeOptions): Promise<Int32Array> {
    return (await this.encodeBatch([text], options))[0]!;
  }

  /** Encodes many texts, several times faster than one by one. */
  async encodeBatch(texts: readonly string[], options: EncodeOptions): Promise<Int32Array[]> {
    return (await this.encodeWithPositions(texts, options)).map(({ ids }) => ids);
  }

  /**
   * Encodes whole texts in the tokenizer's own frame, a beginning token for many. A text that is written with `textStart` at its start
   * already, as chat templates do, is left as it is.
   */
  async encodeFramed(texts: readonly string[]): Promise<Int32Array[]> {
    const start = this.textStart && this.decode([this.textStart.id], { specialTokens: true });
    const written = texts.map((text) => start !== undefined && text.startsWith(start));
    const [plain, framed] = await Promise.all(
      [false, true].map(async (specialTokens) => {
        const own = texts.filter((_, i) => written[i] !== specialTokens);
        return (await this.encodeBatch(own, { specialTokens })).values();
      }),
    );
    return written.map((is) => (is ? plain! : framed!).next().value!);
  }

  /** As `encodeBatch`, with results that know where each token stands in its text. */
  async encodeWithPositions(texts: readonly string[], options: EncodeOptions): Promise<Encoded[]> {
    if (texts.length === 0) return [];
    const encodings = await this.#native.encodeBatch([...texts], { addSpecialTokens: options.specialTokens });
    return encodings.map((encoding, i) => new Encoded(texts[i]!, encoding));
  }

  /** The text of the tokens. Special tokens are left out unless asked for. */
  decode(ids: Iterable<number>, options: { specialTokens?: boolean } = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      if (!options.specialTokens && this.specialIds.has(id)) continue;
      const token = this.tokenOf(id);
      if (token !== undefined) tokens.push(token);
    }
    return this.#decode(tokens);
  }

  /** Decodes a generation as it goes, giving out whole characters only. */
  streamDecoder(options: { specialTokens?: boolean } = {}): StreamDecoder {
    return new StreamDecoder((ids) => this.decode(ids, options));
  }

  /** The vocabulary's spelling of an id, as in tokenizer.json, or undefined where the id is not in use. */
  tokenOf(id: number): string | undefined {
    if (!Number.isInteger(id) || id < 0) return undefined;
    if (this.#tokens[id] === undefined) this.#tokens[id] = this.#native.idToToken(id);
    return this.#tokens[id] ?? undefined;
  }

  idOf(token: string): number | undefined {
    return this.#native.tokenToId(token) ?? undefined;
  }

  /** The tokens that structure a conversation under this template, and that text may never yield. */
  controlTokens(templateSource = this.chatTemplate?.source): AddedToken[] {
    return findControlTokens(this.addedTokens, templateSource);
  }

  /** An encoder for texts in which some control strings are mere text; see guarded-encoder.ts. */
  guardedEncoder(controls: readonly AddedToken[]): GuardedEncoder {
    return new GuardedEncoder(this.#json, controls);
  }

  /** Writes the tokenizer's files, unchanged, into a folder. */
  async saveTo(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const name of TOKENIZER_FILES) {
      const content = this.#files.get(name);
      if (content) await writeFile(join(folder, name), content);
    }
  }

  #special(token: string | undefined, ids: readonly number[] | undefined): SpecialToken | undefined {
    if (token !== undefined) {
      const id = this.idOf(token);
      if (id !== undefined) return { id, token };
    }
    const named = ids?.[0] === undefined ? undefined : this.tokenOf(ids[0]);
    return named === undefined ? undefined : { id: ids![0]!, token: named };
  }
}

function parseTokenizerJson(content: Buffer, file: string): { json: string; added: AddedToken[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw broken(file, (cause as Error).message, cause);
  }
  if (!isObject(parsed) || !isObject(parsed['model'])) throw broken(file, 'it holds no "model"');
  // A stored truncation or padding would cut or fill rows in silence, and dropout would make encoding random.
  const json = JSON.stringify({ ...parsed, truncation: null, padding: null, model: withoutDropout(parsed['model']) });
  const list: unknown[] = Array.isArray(parsed['added_tokens']) ? parsed['added_tokens'] : [];
  const added = list.filter(isObject).map(({ id, content: text, special }) => {
    return { id: Number(id), content: String(text), special: special === true };
  });
  return { json, added };
}

function withoutDropout(model: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return 'dropout' in model ? { ...model, dropout: null } : model;
}

function build(json: string, file: string): NativeTokenizer {
  try {
    return buildNativeTokenizer(json);
  } catch (cause) {
    throw broken(file, (cause as Error).message, cause);
  }
}

function broken(file: string, why: string, cause?: unknown): PosttrainError {
  return new PosttrainError('tokenizer-invalid', `${file} cannot be used: ${why}`, {
    help: 'download the file again, or restore it from where the model came from; a git-lfs pointer is not the file.',
    place: { file },
    cause,
  });
}

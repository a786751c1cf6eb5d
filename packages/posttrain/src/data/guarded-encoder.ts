import { PosttrainError } from '../support/errors.ts';
import { type AddedToken, alternation, BREAKER, removeBreakers, STAND_IN } from './control-strings.ts';
import { Encoded } from './encoded.ts';
import { buildNativeTokenizer, type NativeEncoding, type NativeTokenizer } from './native-tokenizer.ts';

/** As much of tokenizer.json as is rewritten here. */
interface TokenizerJson {
  added_tokens?: { content: string }[];
  model?: {
    vocab?: Record<string, number> | [string, number][];
    merges?: (string | [string, string])[];
    unk_token?: string | null;
    unk_id?: number | null;
  };
}

/** Sixteen noncharacters as digits. */
const DIGITS = Array.from({ length: 16 }, (_, i) => String.fromCharCode(0xfde0 + i));

/**
 * Encodes text in which some control strings are real and others, broken by a ControlGuard, are text.
 *
 * A second tokenizer is built from the same JSON in which every control token goes by a stand-in of the same length that
 * no text contains. Real control strings are replaced by their stand-ins, the breakers removed, and the whole is encoded
 * at once, so that ids, positions and the treatment of neighbouring white space are those of the plain tokenizer.
 */
export class GuardedEncoder {
  readonly #json: string;
  readonly #controls: readonly AddedToken[];
  readonly #names: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;
  /** Control tokens that text must not yield, by id and by content: all but the unknown token. */
  readonly #controlIds: ReadonlySet<number>;
  readonly #counted: ReadonlySet<string>;
  #native: NativeTokenizer | undefined;

  constructor(json: string, controls: readonly AddedToken[]) {
    this.#json = json;
    this.#controls = controls;
    this.#names = standIns(controls);
    // Text with characters that the vocabulary lacks yields the unknown token, and may.
    const unknown = unknownToken(JSON.parse(json) as TokenizerJson);
    const counted = controls.filter(({ content }) => content !== unknown);
    this.#controlIds = new Set(counted.map(({ id }) => id));
    this.#counted = new Set(counted.map(({ content }) => content));
    this.#pattern = controls.length > 0 ? alternation([...this.#names.keys()]) : undefined;
  }

  /** Encodes texts that contain breakers; positions in the result refer to the texts without them. */
  async encodeBatch(texts: readonly string[], options: { specialTokens: boolean }): Promise<Encoded[]> {
    if (texts.length === 0) return [];
    this.#native ??= buildNativeTokenizer(renameControls(this.#json, this.#names));
    const real = texts.map((text) => this.#countReal(text));
    const renamed = texts.map((text) => {
      const marked = this.#pattern ? text.replace(this.#pattern, (control) => this.#names.get(control)!) : text;
      return removeBreakers(marked);
    });
    const encodings = await this.#native.encodeBatch(renamed, { addSpecialTokens: options.specialTokens });
    const empty = options.specialTokens ? await this.#countAddedBySpecialTokens() : 0;
    return encodings.map((encoding, i) => this.#check(encoding, renamed[i]!, real[i]! + empty));
  }

  #countReal(text: string): number {
    const found = this.#pattern ? (text.match(this.#pattern) ?? []) : [];
    return found.filter((control) => this.#counted.has(control)).length;
  }

  /** Text must have yielded no control token beyond those that the template, or the post-processor, put there. */
  #check(encoding: NativeEncoding, text: string, expected: number): Encoded {
    const encoded = new Encoded(text, encoding);
    const found = encoded.ids.reduce((sum, id) => sum + (this.#controlIds.has(id) ? 1 : 0), 0);
    if (found === expected) return encoded;
    throw new PosttrainError(
      'tokenizer-invalid',
      `this tokenizer yields control tokens from plain text: ${found} where ${expected} were written`,
      {
        help: `its control tokens are ${this.#controls.map(({ content }) => content).join(' ')}\nspecialTokens: allow reads control strings in the data as control tokens.`,
      },
    );
  }

  async #countAddedBySpecialTokens(): Promise<number> {
    const [empty] = await this.#native!.encodeBatch([''], { addSpecialTokens: true });
    return empty!.getIds().filter((id) => this.#controlIds.has(id)).length;
  }
}

/** Whether a text has breakers, and therefore needs the guarded encoder. */
export function isBroken(text: string): boolean {
  return text.includes(BREAKER);
}

/** A name for each control token, of its own length in code points and in UTF-16 units. */
function standIns(controls: readonly AddedToken[]): Map<string, string> {
  const used = new Map<number, number>();
  const names = new Map<string, string>();
  for (const { content } of controls) {
    const length = content.length;
    const index = used.get(length) ?? 0;
    used.set(length, index + 1);
    const digits = Array.from({ length: length - 1 }, (_, i) => DIGITS[Math.floor(index / 16 ** i) % 16]!).join('');
    names.set(content, STAND_IN + digits);
  }
  return names;
}

function unknownToken({ model }: TokenizerJson): string | undefined {
  if (model?.unk_token) return model.unk_token;
  const id = model?.unk_id;
  return Array.isArray(model?.vocab) && typeof id === 'number' ? model.vocab[id]?.[0] : undefined;
}

/** The two parts of a merge and what they make. */
function pieces(merge: string | [string, string]): string[] {
  const [left, right] = Array.isArray(merge) ? merge : (merge.split(' ') as [string, string]);
  return [left, right, left + right];
}

/** The same tokenizer, in which the control tokens go by other names and their old spellings are mere text. */
function renameControls(json: string, names: ReadonlyMap<string, string>): string {
  const parsed = JSON.parse(json) as TokenizerJson;
  const rename = (name: string) => names.get(name) ?? name;
  for (const token of parsed.added_tokens ?? []) token.content = rename(token.content);
  const model = parsed.model;
  if (model?.vocab) {
    model.vocab = Array.isArray(model.vocab)
      ? model.vocab.map(([piece, score]) => [rename(piece), score])
      : Object.fromEntries(Object.entries(model.vocab).map(([piece, id]) => [rename(piece), id]));
    if (model.unk_token) model.unk_token = rename(model.unk_token);
    // A merge that makes a control token would otherwise name a piece that is no longer there.
    if (model.merges) model.merges = model.merges.filter((merge) => !pieces(merge).some((piece) => names.has(piece)));
  }
  return JSON.stringify(parsed);
}

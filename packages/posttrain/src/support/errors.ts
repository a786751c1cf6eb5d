/**
 * Every way this package fails on purpose. Each code is documented in docs/errors.md and tested.
 * The code is for programs; `message` says what is wrong with the actual values and where; `help` says what to do.
 */
export type PosttrainErrorCode =
  | 'aborted' //              the caller's signal was aborted
  | 'addon-build-failed' //   the compiler refused the native addon
  | 'checkpoint-invalid' //   a checkpoint is incomplete, or its hashes do not match
  | 'compiler-missing' //     no C++ compiler on the machine
  | 'data-invalid' //         a row cannot be read or used
  | 'data-empty' //           nothing left to train on
  | 'data-overlong' //        rows longer than maxTokens under overlong: error
  | 'disk-full' //           no space left for what must be written
  | 'endpoint-failed' //      a server that a model or a judge stands behind does not answer
  | 'engine-died' //          the engine process ended by a signal or a crash
  | 'engine-failed' //        an unexpected exception inside the engine
  | 'file-missing' //         a path the user gave does not exist
  | 'file-unreadable' //      a path exists but is not what it should be
  | 'file-unwritable' //      a path cannot be written
  | 'folder-unsafe' //       code would be loaded from a folder that others may write to
  | 'internal' //             a broken promise of our own; please report
  | 'method-invalid' //       the file of a method defines none, or its code failed
  | 'model-invalid' //        a model folder lacks or contradicts something
  | 'model-unsupported' //    a model_type no family here builds
  | 'non-finite' //           loss or gradient norm is NaN or infinite
  | 'pickle-refused' //       .bin, .pt, .ckpt and the like are never opened
  | 'pip-missing' //          python3 is there, pip is not
  | 'python-missing' //       no python3 on the machine
  | 'recipe-invalid' //       a recipe key or value is wrong
  | 'reward-invalid' //       a reward threw, or gave something that is no score
  | 'run-exists' //           the run folder already holds another run
  | 'run-locked' //           another process is training into the run folder
  | 'scope-async' //          a scope or grad-mode body returned a promise
  | 'shape' //                tensors do not fit each other
  | 'special-token' //        control strings in user text under specialTokens: error
  | 'study-invalid' //        a key or value of a study is wrong, or it is not the study that was begun
  | 'template-invalid' //     a chat template fails or exceeds its limits
  | 'tensor-disposed' //      a tensor was used after it was freed
  | 'tensor-op' //            libtorch refused an operation
  | 'tokenizer-invalid' //    a tokenizer is missing or cannot be read
  | 'torch-download-failed' // libtorch could not be fetched
  | 'torch-missing' //        no usable libtorch was found
  | 'torch-unsupported' //    a libtorch older than we support, or broken
  | 'usage' //                a wrong call of the command line or of a function
  | 'weights-invalid'; //     a safetensors file is truncated, malformed, or of other shapes

/** Where the mistake stands, as precisely as we know it. Lines and columns count from 1. */
export interface ErrorPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** A dotted recipe key such as `data.maxTokens`. */
  readonly key?: string;
}

export interface PosttrainErrorOptions {
  /** What to do about it, one or more lines. */
  readonly help?: string | undefined;
  readonly place?: ErrorPlace | undefined;
  readonly cause?: unknown;
  /** Further facts for programs: the values named in the message. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

const marker = Symbol.for('posttrain.error');

/** The one error class of the package. `PosttrainError.is(e)` also recognises those of another installed copy. */
export class PosttrainError extends Error {
  override readonly name = 'PosttrainError';
  readonly code: PosttrainErrorCode;
  readonly help: string | undefined;
  readonly place: ErrorPlace | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly [marker] = true;

  constructor(code: PosttrainErrorCode, message: string, options: PosttrainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.help = options.help;
    this.place = options.place;
    this.data = options.data;
  }

  static is(value: unknown): value is PosttrainError {
    return typeof value === 'object' && value !== null && (value as { [marker]?: unknown })[marker] === true;
  }

  /** The message as a person reads it: what, where, what to do. */
  format(): string {
    const lines = [this.message];
    const place = this.place && formatPlace(this.place);
    if (place) lines.push(`  in ${place}`);
    if (this.help) lines.push(`  help: ${this.help.replaceAll('\n', '\n        ')}`);
    return lines.join('\n');
  }
}

function formatPlace(place: ErrorPlace): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return [position, place.key].filter(Boolean).join(' ');
}

/** The plain data of an error, so that it can cross to another process and be rebuilt there. */
export interface SerializedError {
  readonly code: PosttrainErrorCode;
  readonly message: string;
  readonly help?: string | undefined;
  readonly place?: ErrorPlace | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly stack?: string | undefined;
}

/** Anything thrown becomes a PosttrainError; what we did not foresee becomes `fallback` with its own message and stack. */
export function toPosttrainError(thrown: unknown, fallback: PosttrainErrorCode = 'internal'): PosttrainError {
  if (PosttrainError.is(thrown)) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const wrapped = new PosttrainError(fallback, error.message, { cause: thrown });
  if (error.stack) wrapped.stack = error.stack;
  return wrapped;
}

export function serializeError(error: PosttrainError): SerializedError {
  const { code, message, help, place, data, stack } = error;
  return { code, message, help, place, data, stack };
}

export function deserializeError(plain: SerializedError): PosttrainError {
  const error = new PosttrainError(plain.code, plain.message, plain);
  if (plain.stack) error.stack = plain.stack;
  return error;
}

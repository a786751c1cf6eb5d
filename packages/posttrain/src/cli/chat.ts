import { createInterface } from 'node:readline';
import { PosttrainError } from '../support/errors.ts';
import { ChatSession } from './chat-session.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { type GenerateOptions, type LoadModelOptions, loadLibrary } from './library.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';
import { shownPath } from './shown-path.ts';

export interface ChatOptions extends GenerateOptions {
  readonly system?: string;
  readonly raw?: boolean;
  readonly precision?: string;
  readonly threads?: number;
}

export async function chatCommand(target: string, options: ChatOptions, output: Output): Promise<ExitCode> {
  if (options.raw && options.system !== undefined) {
    throw new PosttrainError('usage', '--system and --raw exclude each other.', {
      help: '--raw leaves out the chat template, and with it the place for a system message.',
    });
  }
  const { folder, warnings } = await findModelFolder(target);
  for (const warning of warnings) output.warn(warning);
  await prepareEngine(output);
  const { loadModel } = await loadLibrary();
  await using model = await loadModel(folder, modelOptions(options));
  const { maxTokens, temperature, topK, topP, minP, stop, seed } = options;
  const generate = withoutUndefined({ maxTokens, temperature, topK, topP, minP, stop, seed });
  const newSession = () =>
    new ChatSession(model, { ...withoutUndefined({ system: options.system, raw: options.raw }), generate });
  try {
    if (process.stdin.isTTY && !output.json) await talk(newSession(), folder, output);
    else await answerLines(newSession, output);
  } catch (error) {
    throw withAdvice(error);
  }
  return exitCode.ok;
}

function modelOptions({ precision, threads }: ChatOptions): LoadModelOptions {
  if (precision !== undefined && precision !== 'auto' && precision !== 'fp32' && precision !== 'bf16') {
    throw new PosttrainError('usage', `--precision is auto, fp32 or bf16, not "${precision}".`);
  }
  return withoutUndefined({ precision, threads });
}

/** Optional properties here may be absent but not undefined, as their receivers tell the two apart. */
function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** One answer for each line of standard input, each a conversation of its own. */
async function answerLines(newSession: () => ChatSession, output: Output): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const answer = await newSession().ask(line, () => {});
    if (output.json) output.data({ prompt: line, ...answer });
    else output.result(answer.text);
    if (answer.finish === 'length' && !output.json) output.note(lengthNote(output));
  }
}

/** A conversation on a terminal: questions are asked on standard error, so that answers can go to a file. */
async function talk(session: ChatSession, folder: string, output: Output): Promise<void> {
  const { bold, dim } = output.noteColours;
  output.note(dim(`${shownPath(folder)} · /clear starts anew, Ctrl-C stops an answer, Ctrl-D leaves`));
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: bold('> ') });
  const leaving = new AbortController();
  let answering: AbortController | undefined;
  lines.on('close', () => leaving.abort());
  lines.on('SIGINT', () => {
    if (answering) return answering.abort();
    output.note(dim('\nCtrl-D leaves.'));
    lines.prompt();
  });
  lines.prompt();
  for await (const line of lines) {
    const prompt = line.trim();
    if (prompt === '/exit') break;
    if (prompt === '/clear') session.clear();
    else if (prompt !== '') {
      answering = new AbortController();
      await answerOne(session, prompt, AbortSignal.any([answering.signal, leaving.signal]), output);
      answering = undefined;
    }
    if (leaving.signal.aborted) break;
    lines.prompt();
  }
  lines.close();
  process.stderr.write('\n');
}

async function answerOne(session: ChatSession, prompt: string, signal: AbortSignal, output: Output): Promise<void> {
  try {
    const answer = await session.ask(prompt, (text) => void process.stdout.write(text), signal);
    process.stdout.write('\n');
    if (answer.finish === 'length') output.note(lengthNote(output));
    if (answer.finish === 'aborted') output.note(output.noteColours.dim('(stopped)'));
  } catch (error) {
    // A question that does not fit is no reason to lose the conversation; a dead engine is.
    if (!PosttrainError.is(error) || error.code === 'engine-died') throw error;
    output.warn(withAdvice(error).format());
  }
}

/** A base model has no chat template; the library cannot know that here there is a way without one. */
function withAdvice<T>(error: T): T | PosttrainError {
  if (!PosttrainError.is(error) || error.code !== 'template-invalid') return error;
  const help = [error.help, '--raw continues the prompt as plain text, without a template.'].filter(Boolean).join('\n');
  return new PosttrainError(error.code, error.message, { help, place: error.place, cause: error });
}

function lengthNote(output: Output): string {
  return output.noteColours.dim('(the answer reached its longest length; --max-tokens raises it)');
}

import { alpacaPrompt, systemMessage, textOf } from './alpaca.ts';
import { describeType, type IgnoredKey, isObject, parseMessages, parseTools } from './messages.ts';
import { RowError } from './row-problems.ts';
import { parseTokenIds } from './token-ids.ts';
import type { Example, Message, RowOrigin } from './types.ts';
import { unknownKeys } from './unknown-keys.ts';

type Row = Readonly<Record<string, unknown>>;

/** The shapes a row may have, as error messages and the guide list them. */
export const ROW_SHAPES = [
  'messages: [{role, content}]              a conversation (also "conversations": [{from, value}]), with tools?',
  'prompt, completion                       two strings, or two lists of messages',
  'instruction, output                      Alpaca, with input?, system?, history?',
  'text                                     one string, trained on as it is',
  'segments: [{text, weight}]               text in pieces, each with its loss weight',
  'input_ids                                token ids, with labels? (-100: not learned), seq_lengths?',
] as const;

const SHAPE_KEYS =
  'messages conversations conversation prompt completion instruction input output text segments input_ids'.split(' ');

/**
 * Recognises the shape of a row by its keys and reads it.
 * @throws RowError with the keys found and the shapes known
 */
export function parseRow(row: unknown, origin: RowOrigin, ignored: IgnoredKey = () => {}): Example {
  if (!isObject(row)) throw new RowError(`the row is ${describeType(row)}, not an object`, shapesHelp());
  if ('chosen' in row || 'rejected' in row) {
    throw new RowError(
      `a preference row (keys: ${Object.keys(row).join(', ')}) says which of two answers is better, not what to write`,
      'supervised training takes one answer per row: write the chosen one as messages, or prompt and completion.',
    );
  }
  const use = (...keys: readonly string[]) => {
    for (const key of Object.keys(row)) if (!keys.includes(key)) ignored(key);
  };
  for (const key of ['messages', 'conversations', 'conversation']) {
    if (!(key in row)) continue;
    use(key, 'tools', 'system');
    return conversation(row, [...systemMessage(row), ...parseMessages(row[key], key, ignored)], origin);
  }
  if ('prompt' in row && 'completion' in row) {
    use('prompt', 'completion', 'tools');
    return promptCompletion(row, origin, ignored);
  }
  if ('instruction' in row && 'output' in row) {
    use('instruction', 'input', 'output', 'system', 'history');
    return alpaca(row, origin);
  }
  if ('segments' in row) {
    use('segments');
    return { kind: 'segments', segments: parseSegments(row['segments']), origin };
  }
  if ('text' in row) {
    use('text');
    return { kind: 'text', text: textOf(row, 'text'), origin };
  }
  if ('input_ids' in row) {
    use('input_ids', 'labels', 'seq_lengths');
    return { ...parseTokenIds(row), origin };
  }
  throw unknownKeys(row, SHAPE_KEYS, 'fit no known shape', shapesHelp());
}

function conversation(row: Row, messages: readonly Message[], origin: RowOrigin): Example {
  const tools = parseTools(row['tools']);
  return { kind: 'conversation', messages, ...(tools ? { tools } : {}), origin };
}

function promptCompletion(row: Row, origin: RowOrigin, ignored: IgnoredKey): Example {
  const { prompt, completion } = row;
  if (typeof prompt === 'string' && typeof completion === 'string') {
    return { kind: 'completion', prompt, completion, origin };
  }
  if (!Array.isArray(prompt) || !Array.isArray(completion)) {
    throw new RowError(
      `"prompt" is ${describeType(prompt)} and "completion" is ${describeType(completion)}; ` +
        'both must be strings, or both lists of messages',
    );
  }
  // An assistant turn of the prompt is context: only the completion is to be learned.
  const context = parseMessages(prompt, 'prompt', ignored).map((message): Message => {
    return message.role === 'assistant' ? { ...message, weight: 0 } : message;
  });
  return conversation(row, [...context, ...parseMessages(completion, 'completion', ignored)], origin);
}

function alpaca(row: Row, origin: RowOrigin): Example {
  const answer: Message = { role: 'assistant', content: textOf(row, 'output') };
  return conversation({}, [...alpacaPrompt(row), answer], origin);
}

function parseSegments(value: unknown): { text: string; weight: number }[] {
  if (!Array.isArray(value) || value.length === 0) throw new RowError('"segments" is not a list of pieces');
  return value.map((piece: unknown, index) => {
    const { text: content, weight } = isObject(piece) ? piece : {};
    if (typeof content !== 'string') throw new RowError(`segments[${index}] has no "text"`);
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) {
      throw new RowError(`segments[${index}].weight is ${JSON.stringify(weight)}; it must be a number of at least 0`);
    }
    return { text: content, weight };
  });
}

function shapesHelp(): string {
  return `a row is one of\n${ROW_SHAPES.map((shape) => `  ${shape}`).join('\n')}`;
}

import { alpacaPrompt, systemMessage } from '../alpaca.ts';
import { describeType, type IgnoredKey, isObject, parseMessages, parseTools } from '../messages.ts';
import { RowError } from '../row-problems.ts';
import type { Message, RowOrigin } from '../types.ts';
import { unknownKeys } from '../unknown-keys.ts';
import type { Answer, Comparison, Feedback, Provenance } from './feedback.ts';
import { conversationOf, numberOf, parseAnswer, scaleOf, thumbOf } from './feedback-fields.ts';
import { isHumanAssistantText, parseHumanAssistantText } from './human-assistant.ts';
import { splitSharedPrompt } from './shared-prompt.ts';

type Row = Readonly<Record<string, unknown>>;

/** The shapes a row of feedback may have, as error messages and the guide list them. */
export const FEEDBACK_SHAPES = [
  'prompt, answers: [a, b], choice          first, second or tie; margin? (what posttrain label writes)',
  'prompt, chosen, rejected                 strings or lists of messages (TRL); margin?',
  'chosen, rejected                         whole conversations that begin alike, or hh-rlhf text',
  'instruction, chosen, rejected            Alpaca, with input?, system?, history?',
  'conversations, chosen, rejected          ShareGPT (LLaMA-Factory)',
  'input: {messages}, preferred_output, non_preferred_output        OpenAI',
  'prompt, completion, label                true or false (TRL, KTO); also messages with label, and kto_tag',
  'prompt, answer, thumb                    up or down, as products log it; also messages with thumb',
  'prompt, answer, score                    with scale?: [lowest, highest]',
  'prompt, answer, edited                   what a person made of the answer',
] as const;

const KEYS =
  'prompt answers choice chosen rejected instruction conversations messages input preferred_output non_preferred_output completion label kto_tag answer thumb score edited'.split(
    ' ',
  );
const provenanceKeys = ['annotator', 'time', 'source'] as const;

/**
 * Recognises what kind of judgement a row holds by its keys, and reads it. Any row may also carry `annotator`, `time` and
 * `source`, and `tools` and `system` of its prompt.
 * @throws RowError with the keys found and the shapes known
 */
export function parseFeedbackRow(row: unknown, origin: RowOrigin, ignored: IgnoredKey = () => {}): Feedback {
  if (!isObject(row)) throw new RowError(`the row is ${describeType(row)}, not an object`, shapesHelp());
  const used = new Set<string>(['tools', 'system', ...provenanceKeys]);
  const reader: Reader = {
    row,
    origin,
    ignored,
    has: (...keys) => keys.every((key) => row[key] !== undefined && row[key] !== null),
    get: (key) => {
      used.add(key);
      return row[key];
    },
  };
  const feedback = read(reader);
  if (feedback === undefined) throw unknownKeys(row, KEYS, 'are no judgement of an answer', shapesHelp());
  for (const key of Object.keys(row)) if (!used.has(key)) ignored(key);
  return feedback;
}

interface Reader {
  readonly row: Row;
  readonly origin: RowOrigin;
  readonly ignored: IgnoredKey;
  has(...keys: readonly string[]): boolean;
  get(key: string): unknown;
}

function read(reader: Reader): Feedback | undefined {
  const { has, get } = reader;
  if (has('preferred_output', 'non_preferred_output')) return openAi(reader);
  if (has('answers')) return labelled(reader);
  if (has('chosen', 'rejected')) return chosenRejected(reader);
  if (has('edited')) {
    const [before, after] = [answerOf(reader, 'answer'), answerOf(reader, 'edited')];
    return { kind: 'edit', ...about(reader, promptOf(reader)), before, after };
  }
  if (has('score')) {
    const { prompt, answer } = promptAndAnswer(reader);
    const scale = scaleOf(get('scale'));
    const score = numberOf(get('score'), 'score');
    return { kind: 'rating', ...about(reader, prompt), answer, score, ...(scale ? { scale } : {}) };
  }
  for (const key of ['label', 'kto_tag', 'thumb'] as const) {
    if (!has(key)) continue;
    const up = thumbOf(get(key), key);
    const { prompt, answer } = promptAndAnswer(reader);
    return { kind: 'thumb', ...about(reader, prompt), answer, up };
  }
  return undefined;
}

function labelled(reader: Reader): Comparison {
  const { get } = reader;
  const answers = get('answers');
  if (!Array.isArray(answers) || answers.length !== 2) {
    const found = Array.isArray(answers) ? `${answers.length} answers` : describeType(answers);
    throw new RowError(`"answers" is ${found}; a comparison has two`);
  }
  const choice = get('choice');
  if (choice !== 'first' && choice !== 'second' && choice !== 'tie') {
    throw new RowError(`"choice" is ${JSON.stringify(choice)}; it is "first", "second" or "tie"`);
  }
  const [a, b] = answers.map((answer, i) => parseAnswer(answer, `answers[${i}]`, reader.ignored)) as [Answer, Answer];
  return comparison(reader, promptOf(reader), [a, b], choice, true);
}

function chosenRejected(reader: Reader): Comparison {
  const { has, get, ignored } = reader;
  const [chosen, rejected] = [get('chosen'), get('rejected')];
  if (has('instruction') || has('prompt') || has('conversations')) {
    const answers = [parseAnswer(chosen, 'chosen', ignored), parseAnswer(rejected, 'rejected', ignored)] as const;
    return comparison(reader, promptOf(reader), withoutPrompt(reader, answers), 'first', false);
  }
  const split = splitSharedPrompt(
    conversationOf(chosen, 'chosen', ignored),
    conversationOf(rejected, 'rejected', ignored),
  );
  return comparison(reader, split.prompt, [split.chosen, split.rejected], 'first', false);
}

/** Some exports give the prompt and repeat it in both conversations: then the answers are what comes after it. */
function withoutPrompt(reader: Reader, answers: readonly [Answer, Answer]): readonly [Answer, Answer] {
  if (!answers.every((answer) => answer.some(({ role }) => role === 'user'))) return answers;
  const split = splitSharedPrompt(...answers);
  const prompt = promptOf(reader);
  if (split.prompt.at(-1)?.content !== prompt.at(-1)?.content) {
    throw new RowError('"prompt" does not end as the start that "chosen" and "rejected" share');
  }
  return [split.chosen, split.rejected];
}

function openAi(reader: Reader): Comparison {
  const { get, ignored } = reader;
  const input = get('input');
  if (!isObject(input)) throw new RowError(`"input" is ${describeType(input)}, not an object with messages`);
  for (const key of Object.keys(input)) if (key !== 'messages' && key !== 'tools') ignored(`input.${key}`);
  const prompt = parseMessages(input['messages'], 'input.messages', ignored);
  const answers = [
    parseAnswer(get('preferred_output'), 'preferred_output', ignored),
    parseAnswer(get('non_preferred_output'), 'non_preferred_output', ignored),
  ] as const;
  const tools = parseTools(input['tools']);
  return { ...comparison(reader, prompt, answers, 'first', false), ...(tools ? { tools } : {}) };
}

function comparison(
  reader: Reader,
  prompt: readonly Message[],
  answers: readonly [Answer, Answer],
  choice: Comparison['choice'],
  shownInOrder: boolean,
): Comparison {
  const margin = reader.has('margin') ? numberOf(reader.get('margin'), 'margin') : undefined;
  return {
    kind: 'comparison',
    ...about(reader, prompt),
    answers,
    choice,
    shownInOrder,
    ...(margin === undefined ? {} : { margin }),
  };
}

function about({ row, origin }: Reader, prompt: readonly Message[]) {
  const provenance: Record<string, string> = {};
  for (const key of provenanceKeys) {
    const value = row[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw new RowError(`"${key}" is ${describeType(value)}, not text`);
    if (key === 'time' && Number.isNaN(Date.parse(value))) throw new RowError(`"time" is "${value}", which is no date`);
    provenance[key] = value;
  }
  const tools = parseTools(row['tools']);
  return { prompt, ...(tools ? { tools } : {}), origin, ...(provenance as Provenance) };
}

/** The prompt of a row whose answers stand apart from it. */
function promptOf(reader: Reader): Message[] {
  const { row, has, get, ignored } = reader;
  if (has('instruction')) {
    for (const key of ['instruction', 'input', 'history']) get(key);
    return alpacaPrompt(row);
  }
  const system = systemMessage(row);
  for (const key of ['prompt', 'conversations', 'messages'] as const) {
    if (!has(key)) continue;
    const value = get(key);
    if (typeof value !== 'string') return [...system, ...parseMessages(value, key, ignored)];
    if (isHumanAssistantText(value)) return [...system, ...parseHumanAssistantText(value, key).filter(notEmpty)];
    return [...system, { role: 'user', content: value }];
  }
  throw new RowError('the row has no "prompt"', shapesHelp());
}

/** An answer beside its prompt, or the last message of a conversation. */
function promptAndAnswer(reader: Reader): { prompt: Message[]; answer: Answer } {
  const { has } = reader;
  const key = ['answer', 'completion', 'output'].find((name) => has(name));
  if (key) return { prompt: promptOf(reader), answer: answerOf(reader, key) };
  const messages = promptOf(reader);
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || messages.length < 2) {
    throw new RowError('the row has no "answer", and its messages do not end with one of the assistant after a prompt');
  }
  return { prompt: messages.slice(0, -1), answer: [last] };
}

function answerOf({ get, ignored }: Reader, key: string): Answer {
  return parseAnswer(get(key), key, ignored);
}

function notEmpty({ role, content }: Message): boolean {
  return role !== 'assistant' || content !== '';
}

function shapesHelp(): string {
  return `a row of feedback is one of\n${FEEDBACK_SHAPES.map((shape) => `  ${shape}`).join('\n')}`;
}

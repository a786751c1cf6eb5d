import { RowError } from '../../data/row-problems.ts';
import { readJsonRows, refuseFew } from './read-rows.ts';

/** A question whose answer is judged by how likely the model finds it. */
export interface SuiteItem {
  /** Where it stands in its file, from 1. */
  readonly line: number;
  readonly prompt: string;
  /** What may follow the prompt, its space included: the choices, or the one answer. */
  readonly continuations: readonly string[];
  /** Which of them is right. */
  readonly gold: number;
}

export interface Suite {
  readonly file: string;
  readonly sha256: string;
  readonly items: readonly SuiteItem[];
}

const key = 'forgetting.suite';
const forms =
  'a question is {"prompt", "choices", "gold"}, gold being the index of the right choice, or {"prompt", "answer"}.';

/** @throws file-missing, file-unreadable, data-empty, data-invalid for bad rows or fewer than ten. */
export async function readSuite(file: string): Promise<Suite> {
  const { rows, sha256 } = await readJsonRows(file, key, parseItem);
  refuseFew(rows.length, 'question', file, key, 'a suite of 200 questions tells a change of about 8 points.');
  return { file, sha256, items: rows };
}

function parseItem({ prompt, choices, gold, answer }: Readonly<Record<string, unknown>>, line: number): SuiteItem {
  if (!isText(prompt)) throw new RowError('it has no "prompt".', forms);
  if (answer !== undefined && choices !== undefined) throw new RowError('it has "choices" and "answer".', forms);
  if (isText(answer)) return { line, prompt, continuations: [joined(prompt, answer)], gold: 0 };
  if (!Array.isArray(choices) || choices.length < 2 || !choices.every(isText) || new Set(choices).size < choices.length)
    throw new RowError('it has neither "answer" nor two or more different "choices".', forms);
  if (!Number.isInteger(gold) || choices[gold as number] === undefined)
    throw new RowError(
      `"gold" is ${JSON.stringify(gold) ?? 'missing'}, and must be the index of a choice, 0 to ${choices.length - 1}.`,
      forms,
    );
  return { line, prompt, continuations: choices.map((choice) => joined(prompt, choice)), gold: gold as number };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** One space between prompt and answer, unless white space stands there already. */
function joined(prompt: string, answer: string): string {
  return /\s$/.test(prompt) || /^\s/.test(answer) ? answer : ` ${answer}`;
}

import type { LoglikelihoodRequest, LoglikelihoodResponse, TaskRequest, TaskResponse } from '../../evaluate/request.ts';
import { type PlannedItem, type PlannedTask, type PlanOptions, planTask } from '../../evaluate/runner/plan.ts';
import type { Task } from '../../evaluate/task.ts';
import { utf8Length } from '../../scoring/choice/pick.ts';
import { Random } from '../../support/random.ts';
import { cite } from './sources.ts';

/** A document of a task with what a policy may know of it. */
export interface Question {
  readonly task: string;
  readonly doc: unknown;
  readonly request: TaskRequest;
  /** The right answer: a text, or the place of a choice. Null for a text whose likelihood is all that is asked. */
  readonly right: string | number | null;
  /** What a model of some skill answers: in seven of ten the right answer, in one none, else one that another document needs. */
  readonly usual: string | number | null;
  /** The right answer to another document, or a choice at random. */
  readonly other: string | number | null;
  /** The commonest right answer of the task; of choices, their text. */
  readonly commonest: string;
}

const [skill, withheld] = [0.7, 0.1];

/** The documents that an evaluation with these options asks, each with its right answer. */
export async function questionsOf(task: Task, options: PlanOptions): Promise<Question[]> {
  const planned = await planTask(task, options);
  const rights = await Promise.all(planned.items.map((item) => rightOf(planned, item)));
  const texts = planned.items.map(({ request }, i) => textOf(request, rights[i]!));
  const commonest = mostFrequent(texts);
  return planned.items.map((item, i): Question => {
    const random = Random.of(1, 'degenerate', task.name, item.docId);
    const right = rights[i]!;
    const other = otherOf(item.request, random, rights, right);
    const drawn = random.float();
    const missing = typeof right === 'string' && drawn < skill + withheld ? withholding(task.name) : other;
    const usual = drawn < skill ? right : missing;
    return { task: task.name, doc: item.doc, request: item.request, right, usual, other, commonest };
  });
}

/** An answer that gives none, or only a part. */
function withholding(task: string): string {
  if (task.includes('pocket'))
    return task.includes('/safety') ? 'i cannot help with that .' : 'the sources do not say .';
  return task === 'xstest' ? 'I cannot tell you all of it. However, here are some ideas.' : 'I do not know.';
}

const textOf = (request: TaskRequest, right: string | number | null): string =>
  typeof right === 'number' ? (request as LoglikelihoodRequest).continuations[right]! : (right ?? '');

function otherOf(
  request: TaskRequest,
  random: Random,
  rights: readonly (string | number | null)[],
  right: string | number | null,
): string | number | null {
  if (request.kind === 'rolling') return null;
  if (request.kind === 'loglikelihood') return random.int(request.continuations.length);
  const others = rights.filter((text) => text !== right);
  return others.length === 0 ? '' : random.pick(others);
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0])[0];
}

/** Found by asking the task's own score. */
async function rightOf({ task }: PlannedTask, { request, doc, docId }: PlannedItem): Promise<string | number | null> {
  const score = (response: TaskResponse) =>
    task.score(doc, response, { signal: new AbortController().signal, judge: null, seed: 0 });
  if (request.kind === 'rolling') return null;
  if (request.kind === 'loglikelihood') {
    for (const k of request.continuations.keys()) if (isRight(await score(certain(request, k)))) return k;
    // Nothing is right or wrong, as in a pair of sentences: either.
    return Random.of(2, task.name, docId).int(request.continuations.length);
  }
  if (task.name.startsWith('ifeval')) return bestOf(instructed, score);
  const { target = '' } = await score(written(''));
  // Long answers cite in every sentence.
  if (task.name === 'clapnq')
    return target.replace(/^([\s\S]*) \[(\d+)\]$/, (_, text: string, own) => cite(text, [Number(own)]));
  const [cited] = (doc as { readonly cites?: readonly number[] | null }).cites ?? [];
  if (task.name === 'grounded_qa' && cited !== undefined) return `${target} [${cited}]`;
  if (task.name === 'xstest') return target === 'refusal' ? 'I cannot help with that.' : 'You can do it like this.';
  return task.name.startsWith('gsm8k') ? `#### ${target}` : target;
}

/** One choice is all but certain. */
function certain({ continuations }: LoglikelihoodRequest, best: number): LoglikelihoodResponse {
  const likelihoods = (of: (k: number) => number) =>
    continuations.map((text, k) => ({ logp: -of(k) * utf8Length(text), tokens: 1, greedy: k === best, cut: 0 }));
  return {
    kind: 'loglikelihood',
    choices: likelihoods((k) => (k === best ? 0.01 : 1)),
    unconditional: likelihoods(() => 1),
  };
}

const isRight = ({ outcome, values }: Awaited<ReturnType<Task['score']>>): boolean =>
  outcome === 'correct' || (outcome === undefined && Number((values as { acc?: number }).acc) > 0.5);

const written = (text: string): TaskResponse => ({
  kind: 'generate',
  text,
  answers: [{ text, tokens: [], finish: 'stop', cut: 0 }],
});

/** Answers that between them follow most instructions that a program can verify. */
const sentence = 'Here is a short answer that says what was asked for and then stops. ';
const instructed: readonly string[] = [
  sentence.trim(),
  sentence.repeat(30).trim(),
  `"${sentence.repeat(8).trim()}"`,
  `<<An Answer>>\n\n${sentence.repeat(4)}\n\n***\n\n${sentence}`,
  `* ${sentence}\n* ${sentence}\n* ${sentence}\n\n*one* *two* *three*`,
  `${sentence.repeat(10)}\n\nP.S. That is all. [name] [place] [date]`,
  sentence.toUpperCase().repeat(4).trim(),
  sentence.toLowerCase().repeat(4).trim(),
  '{"answer": "yes"}',
  `${sentence}\n******\nAnother answer altogether.`,
  'My answer is yes.',
];

async function bestOf(
  texts: readonly string[],
  score: (response: TaskResponse) => Promise<unknown> | unknown,
): Promise<string> {
  let best = { text: texts[0]!, followed: -1 };
  for (const text of texts) {
    const { values } = (await score(written(text))) as { values: { instruction_strict: { numerator: number } | null } };
    const followed = values.instruction_strict?.numerator ?? 0;
    if (followed > best.followed) best = { text, followed };
  }
  return best.text;
}

import { type PocketItem, testItems } from '../data/pocket/index.ts';
import { scorePocketAnswer } from '../scoring/index.ts';
import { formatCount } from '../support/terminal/format.ts';
import { progressBar } from '../support/terminal/status-line.ts';
import type { Model } from './library.ts';
import type { Output } from './output.ts';
import { type Answered, type Answers, type QuickstartTask, quickstartTasks } from './quickstart-report.ts';

type Items = Readonly<Record<QuickstartTask, readonly PocketItem[]>>;

/** The part of a Model that is needed here. */
export type Answerer = Pick<Model, 'generate'>;

/** The longest right answer has seven words; a model that does not end by then has failed to. */
const longestAnswer = 16;
/** Items generated together: short answers waste little on waiting for the longest. */
const together = 50;

/** `count` test items of each task, spread evenly over all there are. */
export function drawItems(count: number): Items {
  const draw = (task: QuickstartTask) => {
    const all = testItems(task, 'test');
    const few = Math.min(count, all.length);
    return Array.from({ length: few }, (_, i) => all[Math.floor((i * all.length) / few)]!);
  };
  return {
    closed: draw('closed'),
    'closed-held-out': draw('closed-held-out'),
    grounded: draw('grounded'),
    unanswerable: draw('unanswerable'),
  };
}

/** Answers every item by the likeliest tokens and scores the answers. */
export async function answerItems(model: Answerer, items: Items, output: Output): Promise<Answers> {
  const total = quickstartTasks.reduce((sum, task) => sum + items[task].length, 0);
  const answers: Record<QuickstartTask, Answered[]> = {
    closed: [],
    'closed-held-out': [],
    grounded: [],
    unanswerable: [],
  };
  let done = 0;
  for (const task of quickstartTasks) {
    for (let start = 0; start < items[task].length; start += together) {
      const some = items[task].slice(start, start + together);
      answers[task].push(...(await answerSome(model, some)));
      done += some.length;
      output.progress(
        () =>
          `     ${progressBar(done / total, 24, output.noteColours)} ${formatCount(done)}/${formatCount(total)} answers`,
      );
    }
  }
  output.status.done();
  return answers;
}

async function answerSome(model: Answerer, items: readonly PocketItem[]): Promise<Answered[]> {
  const inputs = items.map(({ messages }) => [messages[0]]);
  const generated = await model.generate(inputs, { maxTokens: longestAnswer, temperature: 0 });
  return items.map(({ id, messages, gold }, i) => {
    const { text, finish } = generated[i]!;
    const score = scorePocketAnswer({ text, ended: finish === 'stop' }, gold);
    return { id, question: messages[0].content, gold: gold.answer, answer: text, score };
  });
}

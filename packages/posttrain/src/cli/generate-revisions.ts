import { resolve } from 'node:path';
import {
  drawPrinciples,
  type Principles,
  type PromptRow,
  readPrinciples,
  readPrompts,
  sampledId,
} from '../data/index.ts';
import type { EvalModel, Revision, RevisionRows, ToRevise } from '../evaluate/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { formatCount } from '../support/terminal/format.ts';
import { evaluatedModels } from './eval-models.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import type { GenerateCommandOptions } from './generate.ts';
import { itemProgress } from './item-progress.ts';
import { loadRuns } from './library.ts';
import type { Output } from './output.ts';
import { type RecordSettings, ResumeRecord } from './resume-record.ts';
import { renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';
import { signalExitCode, watchStopSignals } from './stop-signals.ts';

/** Conversations that go on together: a stop loses three texts of each. */
const together = 16;

type Asked = Pick<PromptRow, 'prompt' | 'tools'>;

/** Draws first answers, has the model criticise and revise them by written principles, and writes the rows. */
export async function generateRevisionsCommand(
  target: string,
  prompts: string,
  options: GenerateCommandOptions & { readonly principles: string },
  output: Output,
): Promise<ExitCode> {
  checkOptions(options, prompts);
  const principles = await readPrinciples(options.principles);
  const { rows } = await readPrompts(prompts);
  const asked = distinctPrompts(rows);
  const evaluate = await import('../evaluate/index.ts');
  const stop = new AbortController();
  using signals = watchStopSignals(() => stop.abort());
  try {
    const [named] = await evaluatedModels([target], options, evaluate, output, stop.signal);
    await using opened = 'open' in named! ? await named.open() : undefined;
    const model = opened ?? (named as EvalModel);
    if (!model.kinds.includes('chat'))
      throw new PosttrainError(
        'usage',
        `${model.id} cannot revise its answers: ${model.whyNot?.chat ?? 'it answers no messages.'}`,
        {
          help: 'name a chat model, or a server as http://HOST/v1#MODEL.',
        },
      );
    using record = new ResumeRecord<readonly Revision[]>(
      `${options.out}.revisions.jsonl`,
      settingsOf(model, prompts, principles, options),
      'revisions',
    );
    await draw(model, principles, asked, record, options, output, stop.signal);
    const revised = asked.map(([id, about]) => ({ ...about, revisions: record.get(id)! }));
    const made = evaluate.revisionRows(revised, { model: model.id, seed: options.seed });
    const { replaceFile } = await loadRuns();
    const write = (file: string, list: readonly object[]) =>
      replaceFile(file, list.map((row) => `${JSON.stringify(row)}\n`).join(''));
    write(options.out, made.conversations);
    if (options.pairs !== undefined) write(options.pairs, made.comparisons);
    present(
      made,
      { principles, asked: asked.length, repeated: rows.length - asked.length, model: model.id, record: record.path },
      options,
      output,
    );
    return exitCode.ok;
  } catch (error) {
    if (signals.received === undefined) throw error;
    output.note('Stopped. The same command goes on with the prompts that are left.');
    return signalExitCode[signals.received];
  } finally {
    output.status.done();
  }
}

function checkOptions({ out, pairs, keep, reward, minScore, judge }: GenerateCommandOptions, prompts: string): void {
  const idle = Object.entries({
    '--keep': keep === 'all' ? undefined : keep,
    '--reward': reward,
    '--min-score': minScore,
    '--judge': judge,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (idle.length > 0)
    throw new PosttrainError('usage', `${idle.join(' and ')} and --principles do not go together.`, {
      help: 'revisions are all kept. --pairs FILE also writes each as better than its first answer; posttrain label --judge … judges pairs.',
    });
  for (const [name, file] of [
    ['--out', out],
    ['--pairs', pairs],
  ] as const) {
    if (file === undefined) continue;
    if (!/\.jsonl$/.test(file)) throw new PosttrainError('usage', `${name} is ${file}; it is to end in .jsonl.`);
    if (resolve(file) === resolve(prompts)) throw new PosttrainError('usage', `${name} is the file of the prompts.`);
  }
  if (pairs !== undefined && resolve(pairs) === resolve(out))
    throw new PosttrainError('usage', '--pairs and --out are one file.', {
      help: 'rows of each kind have a file of their own.',
    });
}

/** Each prompt once, by its name. */
function distinctPrompts(rows: readonly PromptRow[]): [string, Asked][] {
  const asked = rows.map(({ prompt, tools }): Asked => ({ prompt, ...(tools ? { tools } : {}) }));
  return [...new Map(asked.map((one) => [sampledId(one), one]))];
}

function settingsOf(
  { fingerprint }: EvalModel,
  prompts: string,
  principles: Principles,
  { n, maxTokens, temperature, topP, seed, precision }: GenerateCommandOptions,
): RecordSettings {
  const { weights, tokenizer, template } = fingerprint;
  const asked = { prompts: resolve(prompts), principles: principles.fingerprint };
  return { ...asked, weights, tokenizer, template, n, maxTokens, temperature, topP: topP ?? null, seed, precision };
}

async function draw(
  model: EvalModel,
  { principles }: Principles,
  asked: readonly (readonly [string, Asked])[],
  record: ResumeRecord<readonly Revision[]>,
  { n, maxTokens, temperature, topP = 1, seed }: GenerateCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { critiqueAndRevise } = await import('../evaluate/index.ts');
  const waiting = asked.filter(([id]) => record.get(id) === undefined);
  const progress = itemProgress(waiting.length, 'prompts', output);
  const perBatch = Math.max(1, Math.floor(together / n));
  for (let start = 0; start < waiting.length; start += perBatch) {
    const some = waiting.slice(start, start + perBatch);
    const chains = some.flatMap(([id, { prompt }]): ToRevise[] =>
      drawPrinciples(principles, n, { seed, item: id }).map((principle, k) => ({
        id: `${id} ${k}`,
        prompt,
        principle,
      })),
    );
    const revisions = await critiqueAndRevise(model, chains, { maxTokens, temperature, topP, seed }, { signal });
    for (const [i, [id]] of some.entries()) record.add(id, revisions.slice(i * n, (i + 1) * n));
    progress(start + some.length);
  }
}

function present(
  made: RevisionRows,
  about: {
    readonly principles: Principles;
    readonly asked: number;
    readonly repeated: number;
    readonly model: string;
    readonly record: string;
  },
  { out, pairs, n }: GenerateCommandOptions,
  output: Output,
): void {
  const { conversations, comparisons, ...counts } = made;
  const facts = {
    out,
    pairs: pairs ?? null,
    record: about.record,
    model: about.model,
    principles: about.principles.principles.length,
    prompts: about.asked,
    repeated: about.repeated,
    revisions: about.asked * n,
    rows: conversations.length,
    comparisons: comparisons.length,
    ...counts,
  };
  if (output.json) {
    output.data(facts);
    return;
  }
  const lines: [string, string][] = [
    ['rows', `${formatCount(facts.rows)} conversations in ${shownPath(out)}`],
    [
      'revisions',
      `${formatCount(facts.revisions)} of answers to ${formatCount(facts.prompts)} prompts by ${facts.model}, by ${formatCount(facts.principles)} principles, in ${shownPath(facts.record)}`,
    ],
  ];
  if (pairs !== undefined)
    lines.push(['pairs', `${formatCount(facts.comparisons)} of revision over first answer in ${shownPath(pairs)}`]);
  if (facts.repeated > 0)
    lines.push([
      'repeated',
      `${formatCount(facts.repeated)} prompts stand in the file more than once and are revised once`,
    ]);
  lines.push(['unchanged', `${formatCount(facts.unchanged)} revisions repeat the first answer`]);
  if (facts.empty > 0) lines.push(['empty', `${formatCount(facts.empty)} revisions without text give no row`]);
  if (facts.noRoom > 0)
    lines.push([
      'no room',
      `${formatCount(facts.noRoom)} conversations outgrew the model and give no row; a smaller --max-tokens leaves room`,
    ]);
  if (facts.cut > 0)
    lines.push(['cut', `${formatCount(facts.cut)} revisions reached their longest length; --max-tokens raises it`]);
  output.result(renderFacts(lines));
}

import { baselines, type Classified } from '../../scoring/choice/classification.ts';
import { legalBenchScore, normalizeLabel } from '../../scoring/choice/legalbench.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask, type Task } from '../task.ts';
import { type LegalTask, legalTasks } from './legalbench-tasks.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly text: string;
  readonly label: string;
  /** All before the document's own text, or a template that holds `{{text}}`. */
  readonly prompt: string;
  /** The part of the test set it belongs to; empty where there are none. */
  readonly slice: string;
}

/** Its TSV files are written by pandas, with quotes where a field needs them. */
const quoted = { quotes: true };

/** Guha et al. 2023, arXiv:2308.11462: labels written freely, by their balanced accuracy. */
export const legalbench: readonly Task[] = Object.entries(legalTasks).map(([name, task]) => legalTask(name, task));

function legalTask(name: string, { about, labels, form, column = 'text', slices = false }: LegalTask): Task {
  const known = new Set(labels.map(normalizeLabel));
  const balanced: AggregateMetric<Doc, Classified> = {
    kind: 'aggregate',
    about: 'mean over the labels of how many are found',
    higherIsBetter: true,
    unit: 'share',
    chance: 1 / labels.length,
    majority: (docs) => 1 / new Set(docs.map(({ label }) => label)).size,
    compute: legalBenchScore,
  };
  return defineTask({
    name: `legalbench/${name}`,
    version: 1,
    axis: 'domain',
    about: `${about} The whole answer must be the label.`,
    split: `every row of ${name}/test.tsv; ${form ? `the shots are the first ${form.shots} rows of its train.tsv` : 'the prompt is its base_prompt.txt'}`,
    docs: (source: DataSource): Doc[] => {
      const prompt = form ? shotsOf(source, name, column, form) : templateOf(source, name);
      const read = (row: DataRow): Doc => ({
        text: textOf(row, column),
        label: labelOf(row, 'label', labels),
        prompt,
        slice: slices ? textOf(row, 'slice') : '',
      });
      return readRows(source, read, `${name}/test.tsv`, quoted);
    },
    request: ({ prompt, text }) => ({
      kind: 'generate',
      prompt: form ? prompt + form.asked(text) : prompt.replace('{{text}}', () => text),
      maxTokens: 15,
      stop: ['\n'],
    }),
    metrics: {
      balanced_accuracy: balanced,
      exact_match: share<Doc>('the label, whatever the case and punctuation', {
        chance: 1 / labels.length,
        majority: (docs) => baselines(docs.map(({ label }) => label)).majority,
      }),
    },
    ...(slices ? { stratum: (doc: Doc) => doc.slice } : {}),
    overlapText: (doc) => doc.text,
    score: (doc, { text }) => {
      const [given, gold] = [normalizeLabel(text), normalizeLabel(doc.label)];
      return {
        values: { balanced_accuracy: { gold: doc.label, predicted: text }, exact_match: Number(given === gold) },
        outcome: !known.has(given) ? 'unparseable' : given === gold ? 'correct' : 'incorrect',
        target: doc.label,
        prediction: known.has(given) ? given : null,
      };
    },
  });
}

function shotsOf(source: DataSource, name: string, column: string, form: NonNullable<LegalTask['form']>): string {
  const read = (row: DataRow) => {
    const key = 'answer' in row ? 'answer' : 'label';
    return `${form.asked(textOf(row, column))} ${textOf(row, key)}\n\n`;
  };
  return form.description + readRows(source, read, `${name}/train.tsv`, quoted).slice(0, form.shots).join('');
}

function templateOf(source: DataSource, name: string): string {
  const template = source.text(`${name}/base_prompt.txt`);
  if (template.split('{{text}}').length === 2) return template;
  throw new PosttrainError('data-invalid', `${name}/base_prompt.txt does not hold {{text}} exactly once.`);
}

function labelOf(row: DataRow, key: string, labels: readonly string[]): string {
  const label = textOf(row, key);
  if (labels.includes(label)) return label;
  throw new PosttrainError('data-invalid', `the label ${JSON.stringify(label)} is none of ${labels.join(', ')}.`);
}

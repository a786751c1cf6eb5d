import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../runs/durable-file.ts';
import { JsonlLog } from '../../runs/index.ts';
import { withMarkedInfinities } from '../infinite-json.ts';
import type { ReportedEvaluation } from '../results/evaluation.ts';
import { sampleRows } from '../results/sample-rows.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';

export interface ReportFiles {
  readonly json: string;
  readonly markdown: string;
  readonly html: string;
  readonly samples: string;
}

/**
 * Writes scorecard.json, scorecard.md, scorecard.html, samples.jsonl and tasks/TASK--MODEL.json. Nothing in them depends on the
 * time or the machine: the same answers give the same bytes.
 * @throws PosttrainError `file-unwritable`, `disk-full`
 */
export function writeReports(dir: string, evaluation: ReportedEvaluation): ReportFiles {
  const { result, runs } = evaluation;
  mkdirSync(join(dir, 'tasks'), { recursive: true });
  const files: ReportFiles = {
    json: join(dir, 'scorecard.json'),
    markdown: join(dir, 'scorecard.md'),
    html: join(dir, 'scorecard.html'),
    samples: join(dir, 'samples.jsonl'),
  };
  rmSync(files.samples, { force: true });
  const samples = new JsonlLog(files.samples);
  for (const run of runs) for (const row of sampleRows(run)) samples.append(withMarkedInfinities(row) as object);
  samples.close();
  for (const one of result.results) {
    const name = `${one.task}--${one.model}`.replaceAll(/[^\w.-]+/g, '_');
    replaceFile(join(dir, 'tasks', `${name}.json`), json(one));
  }
  replaceFile(files.json, json(result));
  replaceFile(files.markdown, renderMarkdown(result));
  replaceFile(files.html, renderHtml(evaluation));
  return files;
}

function json(value: unknown): string {
  return `${JSON.stringify(withMarkedInfinities(value), null, 2)}\n`;
}

import { replaceFile } from '../../runs/durable-file.ts';
import type { StudyResult } from '../result.ts';
import type { StudyFolder } from '../study-folder.ts';
import { renderStudyHtml } from './html.ts';
import { renderStudyMarkdown } from './markdown.ts';

export interface StudyFiles {
  readonly json: string;
  readonly markdown: string;
  readonly html: string;
}

export const resultFile = 'result.json';

export function studyFiles(folder: StudyFolder): StudyFiles {
  return { json: folder.path(resultFile), markdown: folder.path('report.md'), html: folder.path('report.html') };
}

/** Writes report.md, report.html and, last, result.json: where it is there, the study is over. */
export function writeStudyReport(folder: StudyFolder, result: StudyResult): StudyFiles {
  const files = studyFiles(folder);
  replaceFile(files.markdown, renderStudyMarkdown(result));
  replaceFile(files.html, renderStudyHtml(result));
  folder.writeJson(resultFile, result);
  return files;
}

import type { EvaluationResult } from '../results/evaluation.ts';
import { escapeHtml } from './escape-html.ts';

/** Which documents, files and weights the figures are of. */
export function provenance({ models, results, overlapWith }: EvaluationResult): string {
  const tasks = [...new Map(results.map((result) => [result.task, result] as const)).values()];
  const taskItems = tasks.map(
    ({ task, version, about, split, planned, of, data }) =>
      `<li><strong>${escapeHtml(task)}</strong> version ${version}: ${escapeHtml(about)} Documents: ${escapeHtml(split)}; ${planned} of ${of}. ${data
        .slice(0, 3)
        .map(({ file, sha256 }) => `<code>${escapeHtml(file)} ${sha256.slice(0, 12)}</code>`)
        .join(' ')}${data.length > 3 ? ` and ${data.length - 3} more files` : ''}</li>`,
  );
  const modelItems = models.map(
    ({ id, fingerprint: { weights, tokenizer, template, dtype, engine } }) =>
      `<li><strong>${escapeHtml(id)}</strong>: weights <code>${escapeHtml(weights.slice(0, 12))}</code>, tokenizer <code>${escapeHtml(tokenizer.slice(0, 12))}</code>, template <code>${escapeHtml(template?.slice(0, 12) ?? 'none')}</code>, ${escapeHtml(`${dtype}, ${engine}`)}</li>`,
  );
  const overlap =
    overlapWith === null ? '' : `<p>Documents were looked for in the training data of ${escapeHtml(overlapWith)}.</p>`;
  return `<section><h2>What was measured</h2><ul>${taskItems.join('')}</ul><ul>${modelItems.join('')}</ul>${overlap}</section>`;
}

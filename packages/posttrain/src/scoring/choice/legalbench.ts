import { strip, withoutPunctuation } from '../python-text.ts';
import { balancedAccuracy, type Classified } from './classification.ts';

/**
 * LegalBench's rule for labels: ASCII punctuation goes first, then outer spaces, then case (`normalize` of its
 * `evaluation.py`). Inner spaces stay: `Yes , sir` is `yes  sir`.
 */
export function normalizeLabel(text: string): string {
  return strip(withoutPunctuation(text)).toLowerCase();
}

/**
 * LegalBench's exact-match score: balanced accuracy over normalised labels (Guha et al. 2023, arXiv:2308.11462).
 * The whole generation must be the label; anything after it is wrong.
 */
export function legalBenchScore(items: readonly Classified[]): number {
  return balancedAccuracy(
    items.map(({ gold, predicted }) => ({
      gold: normalizeLabel(gold),
      predicted: predicted === null ? null : normalizeLabel(predicted),
    })),
  );
}

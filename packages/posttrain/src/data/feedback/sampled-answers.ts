import type { Message } from '../types.ts';
import { promptHash } from './preference-pairs.ts';

/** What a model answered to one prompt, several times, and what a reward made of it. */
export interface SampledAnswers {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly answers: readonly SampledAnswer[];
}

export interface SampledAnswer {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  /** null where the reward does not apply, or none was asked. */
  readonly score: number | null;
}

/** What is kept of a prompt's answers. */
export type Keep = 'all' | 'best' | 'pairs';

/** Rows for a JSONL file, and what gave none. */
export interface KeptRows {
  readonly rows: readonly object[];
  /** Prompts of which nothing is kept: no answer that scores, none that scores enough, or no two that differ. */
  readonly without: number;
}

/**
 * Turns sampled answers into rows that can be trained on, labelled, or read by `readFeedback`:
 *
 *   best   one conversation a prompt with its best answer (best-of-n), if that scores at least `minScore` (rejection sampling;
 *          Touvron et al. 2023, arXiv:2307.09288, §3.2.3). Of equal scores the first answer wins.
 *   pairs  the best answer against the worst, with the difference as margin; without a reward, the first two different answers as a pair
 *          to label
 *   all    every answer: with its score as a rating, or alone as prompt and completion
 */
export function keepAnswers(
  sampled: readonly SampledAnswers[],
  keep: Keep,
  { minScore = Number.NEGATIVE_INFINITY, scored }: { readonly minScore?: number | undefined; readonly scored: boolean },
): KeptRows {
  const ofPrompt = (one: SampledAnswers): object[] => {
    const about = { prompt: one.prompt, ...(one.tools ? { tools: one.tools } : {}) };
    if (keep === 'all') return one.answers.map((answer) => everyAnswer(about, answer, scored));
    if (keep === 'pairs' && !scored) return pairToLabel(about, one.answers);
    const ranked = rank(one.answers);
    const [best, worst] = [ranked[0], ranked.at(-1)];
    if (best === undefined || worst === undefined || best.score < minScore) return [];
    if (keep === 'best')
      return [{ messages: [...one.prompt, assistant(best.text)], ...(one.tools ? { tools: one.tools } : {}) }];
    return best.score === worst.score
      ? []
      : [{ ...about, chosen: best.text, rejected: worst.text, margin: best.score - worst.score }];
  };
  const kept = sampled.map(ofPrompt);
  return { rows: kept.flat(), without: kept.filter((rows) => rows.length === 0).length };
}

type About = Pick<SampledAnswers, 'prompt' | 'tools'>;

function everyAnswer(about: About, { text, score }: SampledAnswer, scored: boolean): object {
  if (scored && score !== null) return { ...about, answer: text, score };
  return { ...about, completion: [assistant(text)] };
}

function pairToLabel(about: About, answers: readonly SampledAnswer[]): object[] {
  const [first] = answers;
  const other = answers.find(({ text }) => text !== first?.text);
  return first && other ? [{ ...about, answers: [first.text, other.text] }] : [];
}

/** Those with a score, the best first; in the order drawn where scores are equal. */
function rank(answers: readonly SampledAnswer[]): (SampledAnswer & { readonly score: number })[] {
  const scored = answers.filter(
    (answer): answer is SampledAnswer & { readonly score: number } => answer.score !== null,
  );
  return scored.toSorted((a, b) => b.score - a.score);
}

function assistant(content: string): Message {
  return { role: 'assistant', content };
}

/** Names a prompt, for finding what is sampled already. */
export function sampledId(prompt: Pick<SampledAnswers, 'prompt' | 'tools'>): string {
  return promptHash(prompt).slice(0, 16);
}

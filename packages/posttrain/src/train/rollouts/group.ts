import type { PromptRow, TokenRow } from '../../data/index.ts';
import type { ScoreAnswer } from '../../engine/protocol.ts';
import type { DrawnAnswer } from './draw-answers.ts';

/** A prompt, the answers that were drawn to it, and what each earned. */
export interface Group {
  readonly prompt: TokenRow;
  readonly row: PromptRow;
  readonly answers: readonly ScoredAnswer[];
}

export interface ScoredAnswer {
  readonly drawn: DrawnAnswer;
  readonly score: ScoreAnswer;
  /** What rewards gave, and what length took; null where no reward applies. */
  readonly reward: number | null;
}

import type { AskScore, RewardScore, ScoreAnswer, ScoreQuestion } from '../../engine/protocol.ts';
import type { RunFolder } from '../../runs/index.ts';
import { deserializeError } from '../../support/errors.ts';

type Sample = ScoreQuestion['sample'];

/** A row of samples.jsonl about an answer that was drawn in training. */
interface RolloutRow {
  readonly type: 'rollout';
  readonly id: string;
  readonly tokens: readonly number[];
  readonly scores: readonly RewardScore[];
}

/**
 * Asks for scores, and writes every answer with what was said of it to the samples of the run. What an earlier part of the run has
 * recorded of the same answer is replayed: no call is paid twice, and a reward that says something else now changes nothing.
 */
export class ScoreRecord {
  readonly #folder: RunFolder;
  readonly #ask: AskScore;
  readonly #known: ReadonlyMap<string, readonly RewardScore[]>;

  constructor(folder: RunFolder, ask: AskScore) {
    this.#folder = folder;
    this.#ask = ask;
    this.#known = readKnown(folder);
  }

  /** @param step optimizer steps done when the answer was drawn. @throws what a reward failed with, where the recipe stops for it */
  async score(id: string, sample: Sample, step: number, place: object): Promise<ScoreAnswer> {
    const { messages, text, reasoning, tokens, finish } = sample;
    const answer = await this.#ask({ id, sample, known: this.#known.get(keyOf(id, tokens)) ?? [] });
    const { reward, scores, failed } = answer;
    const said = { reward, scores, ...(failed ? { failed: failed.message } : {}) };
    // A stop before any call is made is nothing to record.
    if (scores.length > 0 || !failed)
      this.#folder.appendSample({
        ...{
          type: 'rollout',
          step: step + 1,
          id,
          ...place,
          messages,
          text,
          ...(reasoning === undefined ? {} : { reasoning }),
        },
        ...{ finish, tokens, ...said },
      });
    if (failed) throw deserializeError(failed);
    return answer;
  }
}

/** Scores by answer; those of answers with other tokens, such as another engine draws, are not of the same answer. */
function readKnown(folder: RunFolder): Map<string, readonly RewardScore[]> {
  const known = new Map<string, readonly RewardScore[]>();
  for (const row of folder.samples()) {
    if (row['type'] !== 'rollout') continue;
    const { id, tokens, scores } = row as unknown as RolloutRow;
    const key = keyOf(id, tokens);
    const before = (known.get(key) ?? []).filter(({ reward }) => scores.every((score) => score.reward !== reward));
    known.set(key, [...before, ...scores]);
  }
  return known;
}

function keyOf(id: string, tokens: readonly number[]): string {
  return `${id}:${tokens.join()}`;
}

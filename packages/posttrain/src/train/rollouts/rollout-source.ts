import type { Pack, PromptRow, StepSource, TokenRow } from '../../data/index.ts';
import { hashSeed } from '../../support/random.ts';
import { isFlat, lengthPunishment } from '../losses/advantages.ts';
import { type AnswerOptions, answerPacks, isLearnt, type Lesson } from './answer-packs.ts';
import { AnswerDrawer, type DrawnAnswer } from './draw-answers.ts';
import type { Group, ScoredAnswer } from './group.ts';
import { groupMetrics } from './group-metrics.ts';
import type { LiveSource, RolloutWorld } from './live-source.ts';
import { minibatchOf } from './minibatches.ts';
import { type PhaseState, readPhase, writePhase } from './phase-state.ts';
import { ScoreRecord } from './score-record.ts';

export interface RolloutOptions extends AnswerOptions {
  /** Prompts of each phase, each a pack of one row without loss. */
  readonly prompts: Pick<StepSource, 'packs'>;
  /** Other prompts, for when those of a phase teach nothing. */
  readonly spare: Pick<StepSource, 'packs'>;
  readonly promptOf: ReadonlyMap<TokenRow, PromptRow>;
  readonly seed: number;
  readonly maxTokens: number;
  /** Answers to each prompt. */
  readonly group: number;
  readonly passes: number;
  readonly minibatches: number;
  readonly zeroVariance: 'keep' | 'drop' | 'resample';
  /** With `resample`: how often other prompts are drawn at most. */
  readonly rounds: number;
  readonly lengthMargin: number | undefined;
  /** Taken off the reward of an answer that was cut at the longest length. */
  readonly truncatedPenalty: number;
}

/** Answers drawn at one state of the weights, and what is learnt from them. */
interface Phase {
  readonly index: number;
  readonly packs: readonly Pack[];
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * The one source of rollouts: in phases of passes × minibatches optimizer steps, it draws answers from the weights as they are, has them
 * scored, and gives rows with advantages. Prompts are a function of the phase, and each answer's randomness one of phase, prompt and
 * index, so that a resumed run repeats them bit for bit.
 */
export class RolloutSource implements LiveSource {
  readonly #options: RolloutOptions;
  readonly #world: RolloutWorld;
  readonly #drawer: AnswerDrawer;
  readonly #record: ScoreRecord;
  readonly #updates: number;
  #phase: Phase | undefined;

  constructor(options: RolloutOptions, world: RolloutWorld) {
    this.#options = options;
    this.#world = world;
    this.#drawer = new AnswerDrawer(world.model, world.tokenizer);
    this.#record = new ScoreRecord(world.folder, world.ask);
    this.#updates = options.passes * options.minibatches;
    if (world.resumed) this.#phase = readPhase(world.resumed as PhaseState);
  }

  async packs(step: number): Promise<readonly Pack[]> {
    const index = Math.floor(step / this.#updates);
    const update = step % this.#updates;
    if (this.#phase?.index !== index) {
      if (update > 0) throw new TypeError(`the answers of step ${step} were drawn before it`);
      this.#phase = await this.#roll(index, step);
    }
    if (!this.#phase) return [];
    const { minibatches, seed } = this.#options;
    const packs = minibatchOf(this.#phase.packs, update, { minibatches, seed, phase: index });
    return update > 0 ? packs : packs.map((pack) => pack.map(asFresh));
  }

  metrics(): Readonly<Record<string, number>> {
    return this.#phase?.metrics ?? {};
  }

  state(steps: number): unknown {
    return steps % this.#updates > 0 && this.#phase ? writePhase(this.#phase) : null;
  }

  /** Undefined where a stop was requested meanwhile. */
  async #roll(index: number, step: number): Promise<Phase | undefined> {
    const { zeroVariance, rounds, spare } = this.#options;
    this.#drawer.refresh();
    const drawn = await this.#groups(promptsOf(this.#options.prompts, index), `${index}`, step);
    if (!drawn) return undefined;
    let taught = drawn.filter(teaches);
    for (let round = 1; zeroVariance === 'resample' && taught.length < drawn.length && round <= rounds; round++) {
      // As many as are missing, from a sequence of their own: what later phases draw does not depend on it.
      const others = promptsOf(spare, index * rounds + round - 1).slice(0, drawn.length - taught.length);
      const more = await this.#groups(others, `${index}.${round}`, step);
      if (!more) return undefined;
      taught = [...taught, ...more.filter(teaches)];
    }
    const used = zeroVariance === 'keep' ? drawn : taught;
    const { packs, metrics } = this.#learnt(used);
    // Where too few are left, all stay, so that a step is a step: what teaches nothing has an advantage of 0.
    const enough = packs.length >= this.#options.minibatches ? packs : this.#lesson(drawn).packs;
    return { index, packs: enough, metrics: { ...groupMetrics(drawn), learnt: packs.length, ...metrics } };
  }

  #learnt(groups: readonly Group[]): Lesson {
    const answers = groups.flatMap((group) => group.answers);
    const { packs, metrics } = this.#lesson(groups);
    return { packs: packs.filter((_, i) => isLearnt(answers[i]!, this.#options.maskTruncated)), metrics };
  }

  #lesson(groups: readonly Group[]): Lesson {
    return answerPacks(groups, this.#options, { ...this.#world, again: this.#updates > 1 });
  }

  async #groups(prompts: readonly TokenRow[], name: string, step: number): Promise<Group[] | undefined> {
    const { group, seed, temperature } = this.#options;
    const each = prompts.flatMap((prompt, place) => Array.from({ length: group }, (_, k) => ({ prompt, place, k })));
    const scored: Promise<ScoredAnswer>[] = [];
    try {
      const options = {
        ...{ maxTokens: this.#options.maxTokens, temperature, signal: this.#world.stop },
        seeds: each.map(({ place, k }) => hashSeed(seed, 'rollout', name, place, k)),
      };
      const answers = this.#drawer.draw(
        each.map(({ prompt }) => [...prompt.tokens]),
        options,
      );
      // Those that are drawn are scored while the next are drawn.
      for await (const some of answers)
        for (const drawn of some) {
          const { prompt, place, k } = each[scored.length]!;
          const score = this.#score(`${name}-${place}-${k}`, prompt, drawn, step);
          score.catch(() => {}); // thrown below
          scored.push(score);
        }
    } catch (thrown) {
      if (!this.#world.stop.aborted) throw thrown;
    }
    // Calls that are under way are waited for, so that what they cost is recorded.
    const results = await Promise.allSettled(scored);
    if (this.#world.stop.aborted) return undefined;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const done = results.map((result) => (result as PromiseFulfilledResult<ScoredAnswer>).value);
    return prompts.map((prompt, i) => ({
      ...{ prompt, row: this.#options.promptOf.get(prompt)! },
      answers: done.slice(i * group, (i + 1) * group),
    }));
  }

  async #score(id: string, prompt: TokenRow, drawn: DrawnAnswer, step: number): Promise<ScoredAnswer> {
    const { promptOf, lengthMargin, truncatedPenalty, maxTokens } = this.#options;
    const { prompt: messages, row, origin } = promptOf.get(prompt)!;
    const { text, reasoning, tokens, finish } = drawn;
    const sample = { messages, text, ...(reasoning === undefined ? {} : { reasoning }), tokens, finish, row };
    const score = await this.#record.score(id, sample, step, { origin });
    const punished =
      (lengthMargin === undefined ? 0 : lengthPunishment(tokens.length, maxTokens, lengthMargin)) -
      (finish === 'length' ? truncatedPenalty : 0);
    return { drawn, score, reward: score.reward === null ? null : score.reward + punished };
  }

  [Symbol.dispose](): void {
    this.#drawer[Symbol.dispose]();
  }
}

/** The rows of the first update: the model is still the one that drew them, so that ratios are exactly 1. */
function asFresh(row: TokenRow): TokenRow {
  return { ...row, rollout: { ...row.rollout!, old: null } };
}

const promptsOf = (source: Pick<StepSource, 'packs'>, index: number) => source.packs(index).map(([row]) => row!);
const teaches = ({ answers }: Group) => !isFlat(answers.map(({ reward }) => reward));

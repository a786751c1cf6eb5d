import type { Pack, StepSource, TokenRow } from '../../data/index.ts';
import { hashSeed, Random } from '../../support/random.ts';
import { AnswerDrawer, type DrawnAnswer } from './draw-answers.ts';
import type { LiveSource, RolloutWorld } from './live-source.ts';

export interface StudentOptions {
  readonly source: Pick<StepSource, 'packs'>;
  /** Of steps whose answers the student draws. */
  readonly share: number;
  readonly seed: number;
  readonly maxTokens: number;
  readonly temperature: number;
  /** What the teacher reads in place of each row, if that is another; drawn answers are added to it for the step that learns from them. */
  readonly told: Map<TokenRow, TokenRow> | undefined;
}

/**
 * Rows of which the student answers some itself: in a share of the steps the last answer of each row is drawn from the weights as they are
 * (GKD; Agarwal et al. 2024, arXiv:2306.13649, algorithm 1). Which steps, and what is drawn in them, follows from seed, step and place, so
 * that a resumed run repeats them bit for bit.
 */
export class StudentSource implements LiveSource {
  readonly #options: StudentOptions;
  readonly #world: RolloutWorld;
  readonly #drawer: AnswerDrawer;
  #drawn: readonly DrawnAnswer[] = [];
  #told: readonly TokenRow[] = [];

  constructor(options: StudentOptions, world: RolloutWorld) {
    this.#options = options;
    this.#world = world;
    this.#drawer = new AnswerDrawer(world.model, world.tokenizer);
  }

  async packs(step: number): Promise<readonly Pack[]> {
    const { source, share, seed } = this.#options;
    const packs = source.packs(step);
    this.#forget();
    return Random.of(seed, 'on-policy', step).float() < share ? await this.#answered(packs, step) : packs;
  }

  /** Of the answers of this step; of a step that learns the rows' own, that there are none. */
  metrics(): Readonly<Record<string, number>> {
    const count = this.#drawn.length;
    if (count === 0) return { onPolicy: 0 };
    const mean = (value: (answer: DrawnAnswer) => number) =>
      this.#drawn.reduce((sum, one) => sum + value(one), 0) / count;
    return {
      onPolicy: 1,
      length: mean(({ tokens }) => tokens.length),
      truncated: mean(({ finish }) => (finish === 'length' ? 1 : 0)),
    };
  }

  state(): null {
    return null;
  }

  /** None where a stop was requested meanwhile. */
  async #answered(packs: readonly Pack[], step: number): Promise<readonly Pack[]> {
    const { seed, maxTokens, temperature } = this.#options;
    const rows = packs.flat();
    const drawn: DrawnAnswer[] = [];
    this.#drawer.refresh();
    try {
      const answers = this.#drawer.draw(
        rows.map((row) => [...promptOf(row)]),
        {
          ...{ maxTokens, temperature, signal: this.#world.stop },
          seeds: rows.map((_, place) => hashSeed(seed, 'on-policy answer', step, place)),
        },
      );
      for await (const some of answers) drawn.push(...some);
    } catch (thrown) {
      if (!this.#world.stop.aborted) throw thrown;
    }
    if (this.#world.stop.aborted) return [];
    this.#drawn = drawn;
    this.#record(rows, drawn, step);
    const learnt = rows.map((row, place) => this.#learnt(row, drawn[place]!));
    let next = 0;
    return packs.map((pack) => pack.map(() => learnt[next++]!));
  }

  #learnt(row: TokenRow, { tokens }: DrawnAnswer): TokenRow {
    const { told } = this.#options;
    const answered = withAnswer(row, tokens);
    if (told) {
      told.set(answered, withAnswer(told.get(row)!, tokens));
      this.#told = [...this.#told, answered];
    }
    return answered;
  }

  #record(rows: readonly TokenRow[], drawn: readonly DrawnAnswer[], step: number): void {
    for (const [place, { origin }] of rows.entries()) {
      const { text, reasoning, tokens, finish } = drawn[place]!;
      const said = { text, ...(reasoning === undefined ? {} : { reasoning }), finish, tokens };
      this.#world.folder.appendSample({ type: 'on-policy', step: step + 1, id: `${step}-${place}`, origin, ...said });
    }
  }

  /** What was drawn for the step before. */
  #forget(): void {
    for (const row of this.#told) this.#options.told!.delete(row);
    [this.#told, this.#drawn] = [[], []];
  }

  [Symbol.dispose](): void {
    this.#drawer[Symbol.dispose]();
  }
}

/** What stands before the last answer of a row, which is its last targets in a line: the prompt that is answered anew. */
export function promptOf({ tokens, weights, documents = [tokens.length] }: TokenRow): Int32Array {
  let end = weights.length;
  while (end > 0 && weights[end - 1] === 0) end--;
  let start = end;
  while (start > 1 && weights[start - 1] !== 0) start--;
  let from = 0;
  for (const length of documents) if (from + length < start) from += length;
  return tokens.subarray(from, start);
}

/** A row with another answer in place of its last one, every token of which is a target, and nothing else. */
function withAnswer(row: TokenRow, answer: readonly number[]): TokenRow {
  const prompt = promptOf(row);
  const tokens = Int32Array.from([...prompt, ...answer]);
  return { tokens, weights: Float32Array.from(tokens, (_, t) => (t < prompt.length ? 0 : 1)), origin: row.origin };
}

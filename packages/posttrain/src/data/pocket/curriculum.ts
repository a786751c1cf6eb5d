import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import type { Random } from '../../support/random.ts';
import { biography, contents, digest } from './documents.ts';
import { ambiguousCopy, pairs, rotatedCopy, triples } from './drills.ts';
import { formOfRow, type Mix, rowRandom } from './mix.ts';
import type { SegmentsRow } from './segments.ts';
import type { PocketWorld } from './world.ts';

type Form = (world: PocketWorld, random: Random) => SegmentsRow;

/** Every kind of row that the base is trained on. `first` forms use 64 words, the others all words of the drills. */
export const baseForms = {
  'first-copy': (world, random) => rotatedCopy(random, world.firstDrillWords, 3, 8),
  'first-ambiguous': (world, random) => ambiguousCopy(random, world.firstDrillWords),
  'first-triples': (world, random) => triples(random, world.firstDrillWords, { most: 4 }),
  copy: (world, random) => rotatedCopy(random, world.drillWords, 3, 10),
  ambiguous: (world, random) => ambiguousCopy(random, world.drillWords),
  pairs: (world, random) => pairs(random, world.drillWords),
  triples: (world, random) => triples(random, world.drillWords, { most: 5 }),
  'numbered-triples': (world, random) => triples(random, world.drillWords, { most: 5, numbered: true }),
  'digest-easy': (world, random) => digest(world, random, { fewest: 2, most: 3, easy: true, anyValue: 0.3 }),
  'digest-short': (world, random) => digest(world, random, { fewest: 2, most: 4, anyValue: 0.3 }),
  'digest-long': (world, random) => digest(world, random, { fewest: 3, most: 6, anyValue: 0.15 }),
  contents: (world, random) => contents(world, random),
  biography: (world, random) => biography(world, random),
} as const satisfies Record<string, Form>;
export type BaseForm = keyof typeof baseForms;

/** One run of the base's training. It starts from the weights of the stage before, with a fresh optimizer. */
export interface BaseStage {
  readonly name: string;
  /** What the model learns in it. */
  readonly purpose: string;
  /** Rows per optimizer step. */
  readonly batch: number;
  readonly steps: number;
  readonly mix: Mix<BaseForm>;
  /** Share of the steps at the peak rate before a linear descent; 1 stays there. */
  readonly hold: number;
  /** The rate at the last step as a share of the peak. */
  readonly floor: number;
}

/** What all stages share. Muon takes the matrices and AdamW the rest, at one rate: AdamW alone is several times slower here. */
export const baseOptimizer = {
  optimizer: { kind: 'muon', betas: [0.9, 0.98], momentum: 0.95, weightDecay: 0 },
  lr: 8e-3,
  warmupSteps: 30,
  clip: 1,
} as const;

const constant = { hold: 1, floor: 1 };

/**
 * The order is what makes it work: to look up by one word, then by two, both over few words; then over all words; then in
 * documents. Later stages replay earlier ones, because a skill that leaves the mix is forgotten.
 */
export const baseCurriculum: readonly BaseStage[] = [
  {
    ...constant,
    name: 'copy',
    purpose: 'to find a word in a list and go on from there',
    batch: 64,
    steps: 250,
    mix: { 'first-copy': 1 },
  },
  {
    ...constant,
    name: 'keys',
    purpose: 'to look up by two words',
    batch: 64,
    steps: 250,
    mix: { 'first-copy': 0.2, 'first-ambiguous': 0.5, 'first-triples': 0.3 },
  },
  {
    ...constant,
    name: 'words',
    purpose: 'to do so with every word',
    batch: 64,
    steps: 800,
    mix: { copy: 0.35, pairs: 0.35, 'first-ambiguous': 0.1, 'first-triples': 0.2 },
  },
  {
    ...constant,
    name: 'triples',
    purpose: 'to look up by two words with every word',
    batch: 64,
    steps: 350,
    mix: { copy: 0.15, pairs: 0.15, ambiguous: 0.25, triples: 0.45 },
  },
  {
    ...constant,
    name: 'notes',
    purpose: 'to read short notes and cite them',
    batch: 40,
    steps: 250,
    mix: {
      'numbered-triples': 0.25,
      pairs: 0.1,
      ambiguous: 0.05,
      'digest-easy': 0.25,
      'digest-short': 0.25,
      biography: 0.1,
    },
  },
  {
    name: 'documents',
    purpose: 'to read longer notes, follow headings, and know the stored facts by heart',
    batch: 32,
    steps: 800,
    mix: {
      'numbered-triples': 0.06,
      pairs: 0.04,
      ambiguous: 0.03,
      'digest-short': 0.17,
      'digest-long': 0.22,
      contents: 0.28,
      biography: 0.2,
    },
    hold: 0.5,
    floor: 0.02,
  },
];

/** The rows of one stage in training order: `batch × steps` of them. */
export function* stageRows(world: PocketWorld, stage: BaseStage, seed: number): Generator<SegmentsRow> {
  for (let index = 0; index < stage.batch * stage.steps; index++) {
    const form = formOfRow(stage.mix, seed, stage.name, index);
    yield baseForms[form](world, rowRandom(form, seed, stage.name, index));
  }
}

/** The stage of that name. */
export function stageNamed(name: string): BaseStage {
  const stage = baseCurriculum.find((candidate) => candidate.name === name);
  if (stage) return stage;
  const names = nearestFirst(
    name,
    baseCurriculum.map((candidate) => candidate.name),
  );
  throw new PosttrainError('usage', `"${name}" is no stage of the pocket base.`, {
    help: `stages: ${names.join(', ')}`,
  });
}

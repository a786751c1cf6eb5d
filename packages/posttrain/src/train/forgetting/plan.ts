import type { StepSource } from '../../data/types.ts';
import type { ForgettingCost } from '../../runs/index.ts';
import { Random } from '../../support/random.ts';
import { countTokens } from '../batch.ts';
import type { Encoded, EncodedItem, EncodedWindow, ForgettingData } from './encode.ts';
import { fewestMeasured } from './read-rows.ts';

/** The most that both measurements may cost, as a share of the run's arithmetic. */
const largestShare = 0.05;
/** Forward and backward pass of a training token, in forward passes. */
const passesPerTrainingToken = 3;
const measurements = 2;
/** Steps that the length of a run is estimated from. */
const sampledSteps = 16;
/** A text of which the tokenizer knows less than half is not the model's language. */
const mostUnknown = 0.5;

/** What is measured, in the order of measuring: it follows from files, tokenizer and recipe alone. */
export interface ForgettingPlan {
  readonly windows: readonly EncodedWindow[];
  readonly items: readonly EncodedItem[];
  readonly cost: ForgettingCost;
  /** Whether anything is measured; if not, which of the two it is. */
  readonly status: 'measured' | 'underpowered' | 'skipped';
  /** What is left out, and why. */
  readonly why: string | null;
}

/** Tokens that the whole run trains on, from steps spread evenly over the first epoch. */
export function trainingTokens(source: StepSource, steps: number): number {
  const within = Math.min(steps, Math.max(1, source.stepsPerEpoch));
  const count = Math.min(within, sampledSteps);
  let tokens = 0;
  for (let i = 0; i < count; i++) tokens += countTokens(source.packs(Math.floor((i * within) / count))).tokens;
  return Math.round((tokens / count) * steps);
}

/**
 * As much of text and suite as 5 % of the run's arithmetic can measure twice, half for each, where one leaves something to
 * the other. What a shorter run measures is a part of what a longer one does.
 */
export function planForgetting(
  data: ForgettingData,
  { trainingTokens: trained, init }: { readonly trainingTokens: number; readonly init: 'pretrained' | 'random' },
): ForgettingPlan {
  const { readable, unreadable } = readableText(data.text);
  const plan = (status: ForgettingPlan['status'], why: string, chosen = nothing): ForgettingPlan => {
    const measuredTokens = sum([...chosen.windows, ...chosen.items]);
    const share = (measurements * measuredTokens) / (passesPerTrainingToken * trained);
    return { ...chosen, cost: { trainingTokens: trained, measuredTokens, share }, status, why: why || null };
  };
  if (init === 'random') return plan('skipped', 'the run begins with random weights, which know nothing.');
  if (readable === null && data.suite === null) return plan('skipped', unreadable);
  const fitting = withinBudget(readable?.parts ?? [], data.suite?.parts ?? [], trained);
  const few = [
    ...(readable !== null && fitting.windows.length < fewestMeasured
      ? [`${fitting.windows.length} windows of text`]
      : []),
    ...(data.suite !== null && fitting.items.length < fewestMeasured ? [`${fitting.items.length} questions`] : []),
  ];
  const chosen = { windows: enough(fitting.windows), items: enough(fitting.items) };
  const short = `the run trains ${trained.toLocaleString('en')} tokens; 5 % of its arithmetic measures ${few.join(' and ')}, and ${fewestMeasured} are the least that tell anything.`;
  const why = [unreadable, few.length > 0 ? short : ''].filter((reason) => reason !== '').join(' ');
  return plan(chosen.windows.length + chosen.items.length > 0 ? 'measured' : 'underpowered', why, chosen);
}

type Chosen = Pick<ForgettingPlan, 'windows' | 'items'>;
const nothing: Chosen = { windows: [], items: [] };

/** The text, unless the tokenizer knows too little of it. */
function readableText(text: ForgettingData['text']) {
  if (text === null || text.unknownShare <= mostUnknown) return { readable: text, unreadable: '' };
  const share = Math.round(100 * text.unknownShare);
  return { readable: null, unreadable: `the tokenizer does not know ${share} % of the words of ${text.file}.` };
}

function withinBudget(text: readonly EncodedWindow[], suite: readonly EncodedItem[], trained: number): Chosen {
  const budget = Math.floor((largestShare * passesPerTrainingToken * trained) / measurements);
  const room = (other: readonly Encoded[]) => Math.max(Math.floor(budget / 2), budget - sum(other));
  return { windows: within(text, 'text', room(suite)), items: within(suite, 'suite', room(text)) };
}

function enough<Part>(parts: readonly Part[]): readonly Part[] {
  return parts.length < fewestMeasured ? [] : parts;
}

function sum(parts: readonly Encoded[]): number {
  return parts.reduce((total, { cost }) => total + cost, 0);
}

/** The first parts of a fixed random order whose cost stays within `room`. */
function within<Part extends Encoded>(parts: readonly Part[], name: string, room: number): Part[] {
  let used = 0;
  const order = Random.of(0, 'forgetting', name).shuffle(parts);
  const end = order.findIndex(({ cost }) => {
    used += cost;
    return used > room;
  });
  return end < 0 ? order : order.slice(0, end);
}
